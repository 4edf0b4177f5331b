"""Words around passwords and codes in English, German, French, Spanish, Italian, Dutch and Portuguese.

Parts of patterns and sets of lower-case words; what is done with them is in `bot.redact_phrases` and
`bot.redact_codes`.
"""

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Long enough to stand inside a compound ("Windowskennwort").
LONG_WORDS = (
    r"pass?[\s-]?w(?:or|ro|r|o)[dt]|passowr[dt]|passwd|pass[\s-]?phrase|passw|kenn[\s-]?wort|losungswort|zugangsdaten"
    r"|mots?\s?de\s?passe|contrase[nñ]a|palabra\s?clave|wachtwoord|paswoord|palavra[\s-]passe|senha"
    r"|parola\s?(?:chiave|d['’]ordine)|temporary\s?access\s?pass|zugriffspass|credentials|login\s?data"  # noqa: RUF001 - both apostrophes
)
SHORT_WORDS = r"pw|pwd|psw|ww|pass|mdp|clave|user/pass|pswd|kw|passcode"
PIN_WORDS = r"pin|pin[\s-]?code|pin[\s-]?nummer|geheimzahl|code\s?pin|c[oó]digo\s?pin|codice\s?pin"
AS = r"as|als|comme|como|come"  # "Winter2025! as password"
SURE_CODE_WORDS = (
    r"one[\s-]?time[\s-]?(?:pass)?(?:code|word)|(?<![^\W_])(?:otp|tan|mtan|totp)|passcode"
    r"|(?:sms|text|verification|security|authenticator|authentication|mfa|2fa|log-?in|sign-?in|confirmation|backup"
    r"|recovery|access|app|e-?mail|phone|device|user|pairing|activation|invitation)[\s-]codes?"
    r"|einmal[\s-]?(?:code|passwort|kennwort)|(?:best[äa]e?tigungs|sicherheits|pr[üu]e?f|verifizierungs|anmelde|zugangs"
    r"|freigabe|wiederherstellungs|authentifizierungs"
    r"|ger[äa]e?te|benutzer|aktivierungs|kopplungs|einladungs|ersatz|notfall|backup)[\s-]?codes?"
    r"|code\s(?:de\s(?:v[ée]rification|s[ée]curit[ée]|confirmation|connexion)|sms|[àa]\susage\sunique|re[çc]u)"
    r"|c[óo]digo\s(?:de\s(?:verificaci[óo]n|seguridad|confirmaci[óo]n|un\ssolo\suso|acceso|verifica[çc][ãa]o|seguran[çc]a"
    r"|confirma[çc][ãa]o|acesso)|sms)"
    r"|codice\s(?:di\s(?:verifica|sicurezza|conferma|accesso)|sms|otp|monouso)"
    r"|(?:verificatie|beveiligings|bevestigings|toegangs|inlog|sms)[\s-]?code|eenmalige\scode"
)
CODE_WORDS = r"codes?|c[óo]digo|codice|sms|authenticator(?:[\s-]app)?|text\smessage"
# "error code 500121" and the like: no secret.
OTHER_CODES = (
    r"error|errors|fehler|erreur|errore|erro|fout|status|exit|return|result|event|zip|postal|country|area|discount|qr"
    r"|bar|source|hex|stop|http|response|ticket|reference|cost|reason|failure|aadsts|sts|entra|azure|microsoft|ms"
    r"|d['’]"  # noqa: RUF001 - both apostrophes
)
CODE_FILL = (
    r"is|was|are|ist|war|lautet|lautete|hei(?:ss|ß)t|est|[ée]tait|es|era|e|è|é|here|it|its|says|i|got|get|received|gets|sent"
    r"|said|shows|zeigt|sagt|dit|dice|which|that|from|by|via|per|sms|text|app|authenticator|microsoft|the|my|der|die|das|den|ich|habe|hab"
    r"|bekommen"
    r"|erhalten|kam|mit|re[çc]u|j['’]ai|recibido|ricevuto|ontvangen|number|nummer|num|nr|today|just|now|jetzt|gerade"  # noqa: RUF001 - both apostrophes
    r"|me|to|mir|a|le|el|il|o|de|het|op|have|have been|he|ho|heb|que|che"
    r"|für|hier|voici|aqui|aquí|ecco|enter|entered|used"
)

# A security question's answer opens what a password opens.
ANSWER_WORDS = (
    r"(?:secret|security|recovery)[\s-](?:question[\s-])?answer|sicherheitsantwort|geheime[rn]?\santwort"
    r"|(?:(?:secret|security)\squestion|sicherheitsfrage)\s?[/|]\s?(?:answer|antwort)"
    r"|answers?\s(?:to|of|for)\s(?:(?:the|my|our|that|this)\s)?(?:secret|security|recovery)\squestions?"
    r"|antwort(?:en)?\s(?:auf|zu|f[üu]r|der|zur)\s(?:(?:die|der|meine|meiner|unsere)\s)?(?:sicherheits|geheim)fragen?"
    r"|antwort(?:en)?\s(?:auf|zu|f[üu]r|der|zur)\s(?:(?:die|der|meine|meiner|unsere)\s)?geheimen?\sfragen?"
    r"|r[ée]ponse\s(?:secr[èe]te|de\ss[ée]curit[ée])|respuesta\s(?:secreta|de\sseguridad)"
    r"|risposta\s(?:segreta|di\ssicurezza)|geheim\santwoord|beveiligingsantwoord|resposta\s(?:secreta|de\sseguran[çc]a)"
)
APP_WORDS = (
    r"(?:client|app|application|consumer|shared)[\s_-]?secret(?:[\s_-]value)?|api[\s_-]?key|(?:access|account)[\s_-]?key"
    r"|client[\s-]?(?:geheimnis|schl[üu]e?ssel)|(?:anwendungs|app)[\s-]?(?:geheimnis|schl[üu]e?ssel)"
)
# Where a sign-in page's number is shown, or typed.
SHOWN_NUMBER = (
    r"(?:number|digits|no\.|zahl|nummer|ziffern?)\s(?:on|in|at|from|auf|im|in|am|vom|von)\s"
    r"(?:(?:the|my|that|this|dem|der|meinem|meiner|diesem|dieser|den)\s)?"
    r"(?:(?:sign[\s-]?in|log[\s-]?in|computer|laptop|microsoft|web|mobile|phone)[\s-])?"
    r"(?:screen|display|monitor|browser|page|window|laptop|computer|pc|prompt|sign-?in|login|authenticator(?:[\s-]app)?"
    r"|bildschirms?|anmeldebildschirm|displays?|monitors?|browsers?|seite|anmeldeseite|webseite|fensters?|anmeldefenster"
    r"|rechners?|computers?|laptops?|anmeldung)"
    r"|number\s(?:(?:which|that)\s(?:is|was)\s)?(?:shown|displayed)(?:\s(?:on|in)\s(?:the|my)\s\w{1,12})?"
    r"|(?:shown|displayed)\snumber|number\s(?:it|the\s(?:screen|page|browser))\s(?:shows|showed|displays|displayed)"
    r"|number\s(?:i\s(?:see|saw|get|got)|to\s(?:enter|type|match))(?:\son\s(?:the|my)\sscreen)?"
    r"|number\smatch(?:ing)?|(?:angezeigte|gezeigte)n?\s(?:zahl|nummer|ziffern?)"
    r"|(?:zahl|nummer),?\sdie\s(?:angezeigt\swird|ich\ssehe|da\ssteht|dort\ssteht)"
)
INTO = r"into|in|on|at|to|ins|im|in\sdie|in\sden|in\sder|auf|bei"
ENTERED = (
    r"typed|type|entered|enter|put|tapped|tap|chose|picked|selected|tippe|tippte|habe|gab|gebe|w[äa]e?hlte"
)
# "10 times in Authenticator", "12 accounts": numbers that count, by the word before them.
COUNTING = (
    r"version|ios|android|windows|after|since|for|until|about|around|over|only|have|are|were|waited|nach|seit|etwa|um|nur"
    r"|dauert|wartete|step|schritt|page|seite"
)

MINE = (
    r"my|our|mein|meine|meinem|meines|unser|unsere|mon|ma|mes|notre|mi|mis|nuestra|mia|mio|la mia|mijn|ons"
    r"|onze|minha|meu"
)
# "my ", "my very own ": right before the word for a password or a code
BEFORE = re.compile(rf"(?<![^\W_])(?:{MINE})\W{{1,3}}(?:[^\W\d_]{{1,15}}\W{{1,2}}){{0,2}}$", re.IGNORECASE)
ARTICLES = r"the|das|der|die|dem|le|la|el|il|lo|het|de|o|a"
IS = (
    r"is|['’]s|c['’]est|was|are|were|should be|would be|ist|war|lautet|lautete"  # noqa: RUF001 - both
    r"|hei(?:ss|ß)t|w[äa]e?re|sind|est|[ée]tait|sont|es|era|son"
    r"|sigue siendo|è|é|e'|sono|zijn|luidt|são|fica"
)
FROM = r"from|to|von|auf|zu|in|de|à|a|en|da|van|naar|para|por|with|mit|avec|con|met|com|like|wie|as|als|using"
TO = r"to|auf|zu|in|à|a|en|naar|para|por"

# Between "password" and the colon these say that something else follows.
NOT_THE_PASSWORD = _words("""
    reset resets policy policies link page site url portal ticket case incident error errors code codes
    fehler number nummer expiry expires expired expiration change changes changed manager hash sync
    writeback length age history rule rules requirement requirements field box prompt screen dialog
    protection problem issue help hint tip richtlinie seite ablauf änderung zurücksetzen zurückgesetzt länge
    feld maske abfrage politique réinitialisation política restablecimiento criteri reimpostazione beleid
    redefinição says message meldung means because if when wenn dass that which where who why how lost
    forgotten vergessen oublié olvidada dimenticata vergeten attempt attempts versuch versuche tries count
""")

# What people say about a password, not as one.
ORDINARY = _words("""
    a about accepted account active actually again all allowed also always an and another any anymore
    apparently as asked at bad being blank both broken but by can cannot correct correctly currently dead
    default definitely different disabled done dont due either empty enough even exactly expired expiring
    fine for forgotten from good gone had has have he her here hers his how however i if in incorrect
    invalid it its just known legacy less like locked long longer lost managed maybe me mine missing more
    most my myself necessary needed never new newly next no none nope not nothing now null of off ok okay
    old older on once one ones only or other our out outdated over perfect perhaps permanent possible
    probably protected really recent rejected required reset right safe same saved secret secure set she
    short shorter should similar simple since single so some somehow something somewhere stale still stored
    strong stronger such sure synced than that the their them then there these they this those through to
    today tomorrow too true twice typed unchanged under unknown until up updated used useless user username
    valid very via visible was we weak weaker were what when where which while who whose why will with
    without work works working would wrong yes yesterday yet you your error errors message page screen field
    prompt box policy monday tuesday wednesday thursday friday saturday sunday abgelaufen aber alle als alt
    altes am anders angeblich auch auf aus bei bekannt bereits bin bitte da dann das dass dem den der des
    die dieses doch drin dein dort ein eine einfach endlich er erneut es euch falsch fehlerhaft fertig
    funktioniert für ganz geht geheim genau gerade gesperrt gespeichert gestern gleich gut gültig habe hat
    heute hier ich ihr im immer ins irgendwie ist ja jetzt kaputt kein keine klar korrekt kurz lang leer
    leider man mehr mein meins mir mit möglich nach neu neues nicht nichts nie noch nochmal nur oder ohne
    plötzlich richtig schon schwach sehr sein seit sicher sie sind sofort stark super sowie tot um unbekannt
    und ungültig unsicher unverändert verloren vergessen versehentlich vielleicht vom von vor wahrscheinlich
    war weg weil wenn weiterhin wie wieder wir wird wo wohl zu zum zur zurück zweimal actuel ancien au aussi
    avec bien bloqué bon bonne ce celui changé chez comme correcte dans de déjà depuis différent donc du
    elle en encore erroné est et expiré exact fausse faux il ils incorrecte inconnu invalide je jamais la le
    les longue mais mal mauvais même moi nouveau obligatoire ou oublié où par pas perdu périmé plus pour
    quand que quoi refusé sans son sur toujours trop un une valable valide vide vous votre al antes anterior
    aún bloqueada caducada caducado cambiada como con correcta cuando del demasiado desde diferente el ella
    esa ese esta está este errónea expirada expirado fue igual incorrecta inválida larga las lo los mala más
    mi misma muy nada nueva nunca o olvidada para pero perdida por porque segura si sin siempre sólo también
    tan todavía una vacía válida vieja y ya ancora anche bloccata che ci come corretta cosa dei della di
    diversa dopo dove errata esatta giusta già ho io lunga ma mai mancante mia molto nel non nuova
    obbligatoria per perché più poi quella questa quando sbagliata scaduta scaduto sempre sicura solo sono
    stata stato troppo tua uguale valida vecchia vuota è alleen andere bij dan dat deze dit een fout
    geblokkeerd geen gewijzigd goed heb het hij hoe ik is juist kort kwijt leeg maar mijn naar niet nieuw
    nieuwe niks nog nooit nu om onbekend ongeldig ook op oud oude sinds steeds te toch u uit van veel veilig
    vergeten verkeerd verlopen verplicht voor waar wat weer welke werkt wij ze zelfde zo agora ainda antiga
    antigo aqui certa certo correta correto dela demais do e ela ele errada errado essa eu expirou foi
    incorreta já longa mas mesma meu minha muito na nova novo num não os pela qual sem só sua também uma
    vazia velha
    awful bogus case complex complicated crap deleted different difficult easy english fault five four german
    greyed grayed hard here hidden initial issue local long mandatory missing numeric odd offline online only
    personal please private problem public rather simple strange stuck temporary three unaccepted weird
    fehler problem anfangs arg befristet blöd deutsch doof einfach englisch falsche hallo hilfe komisch
    komplex kompliziert lokal okay privat schwer schwierig seltsam temporär verschwunden weiß weiss wegen
    zurücksetzen zurückgesetzt ändern see above below siehe oben unten voir temporaire provisoire
    onjuist incorrect onverwacht password passwort kennwort contraseña wachtwoord senha pin code
""")
# Said about a password and also the best loved of them: behind "password:" they are one.
BELOVED = _words("secret geheim password passwort kennwort pass admin user super")
ORDINARY_ENDINGS = (
    "ed", "ing", "able", "ible", "ful", "less", "ive", "ous", "ical", "iert", "bar", "lich", "tig",
    "isch", "ée", "és", "ées", "ant", "ado", "ada", "ido", "ida", "ato", "ata", "uto", "mente",
    "ment",
)  # fmt: skip

# "Office365", "Windows11", "iOS18": names with a number in them.
PRODUCT = re.compile(
    r"(?:microsoft|office|windows|win|o|m|ms|exchange|sharepoint|outlook|teams|server|ios|ipados|macos|android"
    r"|iphone|ipad|galaxy|pixel|edge|chrome|firefox|adfs|entra|azure|fido|mfa|sap|s/?4hana|h264|ipv|wpa|tls|sha"
    r"|md|base|oauth|saml|ntlmv?)[-_ ]?[0-9]{1,4}(?:[a-z]|\.[0-9]{1,3})?|[0-9]fa|[0-9]{1,3}(?:st|nd|rd|th)",
    re.IGNORECASE,
)
# "12-digit", "90days", "8-stellig"
MEASURE = re.compile(
    r"[0-9]{1,4}-?(?:days?|char\w{0,8}|digits?|stellig\w{0,2}|zeichen|tage?n?|mal|times?|min\w{0,5}|h|hrs?|hours?|std"
    r"|stunden|jours?|fois|caract\w{0,6}|d[ií]as?|giorni|dagen|weeks?|months?|years?|users?|x|[kmg]b|ms|s|sec\w{0,4}|bit)"
    r"|x[0-9]{1,3}|v[0-9.]{1,8}",
    re.IGNORECASE,
)
CAMEL_NAME = re.compile(
    r"(?:OneDrive|SharePoint|PowerPoint|OneNote|PowerShell|PowerBI|LinkedIn|GitHub|GitLab|LastPass|KeePass(?:XC)?"
    r"|BitLocker|YouTube|WhatsApp|FaceTime|iPhone|iPad|iOS|iCloud|macOS|FortiClient|AnyConnect|MyAccount|JavaScript"
    r"|AutoFill|OAuth|UserName|CapsLock|NumLock|WiFi|eMail|BindComplete\w{0,40})",
    re.IGNORECASE,
)


def ordinary(word: str) -> bool:
    """Whether this is what people say about a password or a code, and hardly one itself."""
    return word.lower() in ORDINARY or word.lower().endswith(ORDINARY_ENDINGS)
