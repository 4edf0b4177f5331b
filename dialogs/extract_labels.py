"""The labels that stand before ids, times and names on error pages and in logs, by what they introduce.

Spaces in a label stand for a space, hyphen, underscore, dot, plus sign or nothing, so that
"correlation id" is also `correlation_id`, `correlationId` and `Correlation-ID`. Accents are folded.
It must not know how the labels are used (that is `dialogs.extract`).

Source: the sign-in error pages, OAuth error answers, MSAL messages, `dsregcmd /status`, sign-in logs
(portal, Microsoft Graph, KQL); the words of other languages as Microsoft's translated pages have them.
"""

# Each introduces a GUID.
REQUEST = (
    "request id", "x ms request id", "anforderungs id", "anfrage id", "id de demande", "id de la demande",
    "identifiant de la demande", "id de solicitud", "id de la solicitud", "id richiesta",
    "id della richiesta", "aanvraag id", "id da solicitacao", "id do pedido", "originalrequestid",
)  # fmt: skip
CORRELATION = (
    "correlation id", "correlation", "corr id", "corr", "client request id", "correlation request id",
    "korrelations id", "korrelation id", "korrelation",
    "id de correlation", "identifiant de correlation", "id de correlacion", "identificador de correlacion",
    "id correlazione", "id di correlazione", "correlatie id", "id de correlacao",
)  # fmt: skip
TRACE = (
    "trace id", "ablaufverfolgungs id", "tracing id", "id de trace", "id de suivi", "id de seguimiento",
    "id de rastreo", "id traccia", "id di traccia", "tracerings id", "traceer id", "id de rastreamento",
)  # fmt: skip
APP_ID = (
    "app id", "application id", "client id", "anwendungs id", "id de l'application", "id d'application",
    "id de aplicacion", "id de la aplicacion", "id app", "id applicazione", "id dell'app", "toepassings id",
    "id do aplicativo", "id da aplicacao",
)  # fmt: skip
# A GUID behind one of these belongs to something we do not keep.
OTHER_ID = (
    "device id", "device identifier", "geratekennung", "gerate id", "identificateur de l'appareil",
    "tenant id", "mandanten id", "directory id", "object id", "objekt id", "user id", "benutzer id",
    "session id",
    "resource id", "resource tenant id", "home tenant id", "policy id", "subscription id", "principal id",
    "unique token identifier", "sid", "oid", "tid", "uti", "tenant", "mandant", "directory", "resource",
)  # fmt: skip
TIMESTAMP = (
    "timestamp", "zeitstempel", "horodatage", "horodateur", "marca de tiempo", "marca temporal",
    "tijdstempel", "carimbo de data/hora", "carimbo de tempo", "data e ora", "date utc", "time utc",
    "timegenerated",    "createddatetime", "attempt time", "date and time",
)  # fmt: skip

# Each introduces a short text up to the end of the line or the next label.
APP_NAME = (
    "app name", "application name", "app display name", "anwendungsname", "nom de l'application",
    "nom d'application", "nombre de la aplicacion", "nombre de aplicacion", "nome app", "nome dell'app",
    "nome applicazione", "naam van app", "app naam", "toepassingsnaam", "nome do aplicativo",
    "nome da aplicacao", "application",
)  # fmt: skip
DEVICE_STATE = (
    "device state", "geratestatus", "geratezustand", "etat de l'appareil", "estado del dispositivo",
    "stato dispositivo", "stato del dispositivo", "apparaatstatus", "estado do dispositivo", "trust type",
    "join type",
)  # fmt: skip
PLATFORM = (
    "device platform", "gerateplattform", "plateforme de l'appareil", "plateforme d'appareil",
    "plataforma del dispositivo", "plataforma de dispositivo", "piattaforma dispositivo",
    "piattaforma del dispositivo", "apparaatplatform", "plataforma do dispositivo", "operating system",
    "betriebssystem", "systeme d'exploitation", "sistema operativo", "besturingssysteem",
    "sistema operacional",
)  # fmt: skip
# Where such a text ends, besides at the labels above.
STOP = (
    "ip address", "ip adresse", "adresse ip", "direccion ip", "indirizzo ip", "ip adres", "endereco ip",
    "message", "meldung", "error code", "fehlercode", "flag sign in errors", "advanced diagnostics",
    "troubleshooting details", "copy info to clipboard", "user", "username", "status", "browser", "location",
)  # fmt: skip

# Words that make the number behind them (or right before them) an error code.
ERROR_WORDS = (
    "errorcode", "errornumber", "error", "errors", "err", "fehlercode", "fehlernummer", "fehlermeldung",
    "fehler", "erreur", "errore", "erro", "foutcode", "foutmelding", "fout", "resulttype", "failurecode",
)  # fmt: skip
