"""Made-up secrets and harmless sentences to try the redactor on; every one is generated, none was ever real.

The words here are chosen apart from the redactor's own lists: a corpus that copies them proves nothing.
"""

# ruff: noqa: E501 - tables of samples are read by column, one sample kind a line

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Sample(NamedTuple):
    """`secret` must be gone from `text` afterwards; `structured` ones have a shape, the others a sentence."""

    kind: str
    text: str
    secret: str
    structured: bool


ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"


def _some(rnd: random.Random, signs: str, length: int) -> str:
    return "".join(rnd.choice(signs) for _ in range(length))


def _b64(rnd: random.Random, size: int) -> str:
    return base64.b64encode(rnd.randbytes(size)).decode()


def _part(rnd: random.Random, size: int) -> str:
    return base64.urlsafe_b64encode(rnd.randbytes(size)).decode().rstrip("=")


def _jwt(rnd: random.Random) -> str:
    head = (
        base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"RS256","kid":"' + _part(rnd, 12).encode() + b'"}')
        .decode()
        .rstrip("=")
    )
    body = (
        base64.urlsafe_b64encode(b'{"aud":"x","upn":"' + _part(rnd, 90).encode() + b'"}').decode().rstrip("=")
    )
    return f"{head}.{body}.{_part(rnd, 128)}"


def _wrapped_jwt(rnd: random.Random) -> str:
    whole = _jwt(rnd)
    return "\n".join(whole[at : at + 76] for at in range(0, len(whole), 76))


def _pan(rnd: random.Random) -> str:
    start, length = rnd.choice((("4", 16), ("52", 16), ("34", 15), ("6011", 16)))
    body = start + _some(rnd, string.digits, length - len(start) - 1)
    total = sum(
        sum(divmod(2 * int(d), 10)) if place % 2 == 0 else int(d) for place, d in enumerate(reversed(body))
    )
    number = body + str(-total % 10)
    gap = rnd.choice(("", " ", "-")) if length == 16 else ""
    return gap.join(number[at : at + 4] for at in range(0, 16, 4)) if gap else number


def _iban(rnd: random.Random) -> str:
    country, length = rnd.choice((("DE", 22), ("NL", 18), ("FR", 27), ("ES", 24), ("IT", 27)))
    letters = "ABNA" if country == "NL" else ""
    body = letters + _some(rnd, string.digits, length - 4 - len(letters))
    check = 98 - int("".join(str(int(each, 36)) for each in body + country + "00")) % 97
    whole = f"{country}{check:02}{body}"
    return " ".join(whole[at : at + 4] for at in range(0, length, 4)) if rnd.random() < 0.5 else whole


def _pem(rnd: random.Random) -> str:
    kind = rnd.choice(("PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"))
    body = _b64(rnd, 600)
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    end = f"\n-----END {kind}-----" if rnd.random() < 0.8 else ""
    return f"-----BEGIN {kind}-----\n{lines}{end}"


def _saml_xml(rnd: random.Random) -> str:
    prefix = rnd.choice(("saml", "saml2", "samlp"))
    return (
        f'<{prefix}:Assertion xmlns:{prefix}="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{uuid.UUID(int=rnd.getrandbits(128))}">'
        f"<{prefix}:SignatureValue>{_b64(rnd, 96)}</{prefix}:SignatureValue></{prefix}:Assertion>"
    )


def _saml_b64(rnd: random.Random) -> str:
    return base64.b64encode(b"<samlp:Response ID='" + _part(rnd, 200).encode() + b"'/>").decode()


# kind -> (how the secret is made, the sentences it may stand in)
Maker = Callable[[random.Random], str]
STRUCTURED: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "jwt": (_jwt, ("token: {}", "it shows {} in the address bar", '{{"access_token":"{}","expires_in":3599}}', "{}")),
    "jwt cut short": (lambda r: _jwt(r)[:120], ("console says {}", "{}\nand then it stops")),
    "jwt over lines": (_wrapped_jwt, ("{}", "Das steht da:\n{}\n")),
    "bearer": (lambda r: _some(r, URLSAFE, 40) + "7", ("Authorization: Bearer {}", 'curl -H "Authorization: Bearer {}" https://x')),
    "basic header": (lambda r: _b64(r, 24), ("Authorization: Basic {}", "authorization: basic {}\r\nhost: x")),
    "entra refresh token": (lambda r: "0.A" + _some(r, URLSAFE, 200), ("{}", '"refresh_token": "{}"', "mon jeton est {}")),
    "entra refresh token 1": (lambda r: "1.A" + _some(r, URLSAFE, 20) + "." + _some(r, URLSAFE, 300), ("{}", "refresh {} end")),
    "microsoft account token": (lambda r: "M.C5" + "07_BAY.0.U." + _some(r, ALNUM, 60), ("code={}", "got {}")),
    "authorization code": (lambda r: _some(r, URLSAFE, 60) + "1", ("https://app.example/cb?code={}&state=1", "#code={}&session_state=x")),
    "id token in a fragment": (_jwt, ("https://app.example/#id_token={}&state=12345",)),
    "client secret field": (lambda r: _some(r, ALNUM, 32), ("client_secret={}&grant_type=x", '"client_secret": "{}"', "client_secret: {}")),
    "entra client secret": (lambda r: _some(r, ALNUM, 3) + "8Q~" + _some(r, ALNUM, 34), ("{}", "the secret value {} expired")),
    "flow token": (lambda r: _some(r, URLSAFE, 90), ('"sFT":"{}"', "flowToken={}&canary=x", '"flowToken": "{}"')),
    "canary": (lambda r: _b64(r, 40), ('"canary":"{}"', '"apiCanary":"{}"')),
    "session cookie": (lambda r: "0.A" + _some(r, URLSAFE, 80), ("Cookie: ESTSAUTH={}", "ESTSAUTHPERSISTENT={}; path=/", "ESTSAUTHPERSISTENT\t{}\t.login.example")),
    "cookie header": (lambda r: _some(r, ALNUM, 30), ("Cookie: a=1; sid={}", "set-cookie: x={}; Secure; HttpOnly", '"cookie": "s={}"')),
    "sharepoint cookie": (lambda r: _b64(r, 60), ("FedAuth={}", "rtFa={}; other=1")),
    "device credential": (lambda r: _some(r, URLSAFE, 90), ("x-ms-RefreshTokenCredential: {}", "x-ms-refreshtokencredential={}")),
    "pem": (_pem, ("{}", "here is the key\n{}", "voici :\n{}\nmerci")),
    "saml xml": (_saml_xml, ("{}", "response was {} and then 53003")),
    "saml base64": (_saml_b64, ("SAMLResponse={}&RelayState=x", "{}")),
    "aws key": (lambda r: "AKIA" + _some(r, string.ascii_uppercase + string.digits, 16), ("{}", "aws_access_key_id = {}")),
    "aws secret": (lambda r: _some(r, ALNUM + "/+", 40), ("aws_secret_access_key = {}", "AWS_SECRET_ACCESS_KEY={}")),
    "github token": (lambda r: r.choice(("ghp_", "gho_", "ghs_")) + _some(r, ALNUM, 36), ("{}", "git clone https://{}@github.com/x")),
    "slack token": (lambda r: "xoxb-" + _some(r, string.digits, 12) + "-" + _some(r, ALNUM, 24), ("{}", "SLACK={}")),
    "stripe key": (lambda r: "sk_live_" + _some(r, ALNUM, 24), ("{}", "key {}")),
    "google key": (lambda r: "AIza" + _some(r, URLSAFE, 35), ("{}", "?key={}")),
    "storage key": (lambda r: _b64(r, 64), ("AccountName=x;AccountKey={};EndpointSuffix=core.windows.net", "key1 {}")),
    "sas signature": (lambda r: _some(r, ALNUM, 43) + "%3D", ("https://x.blob.core.windows.net/c?sv=2022-11-02&sig={}",)),
    "connection string": (lambda r: _some(r, ALNUM, 12), ("Server=tcp:db;User ID=sa;Password={};Encrypt=True", "postgresql://bob:{}@db/x", "mongodb+srv://bob:{}@db.example/x")),
    "form password": (lambda r: _some(r, ALNUM, 10), ("login=a%40b.example&passwd={}&ctx=1", "username=a&password={}", '{{"user":"a","password":"{}"}}')),
    "form code": (lambda r: _some(r, string.digits, 6), ("otc={}&login=a", "mfaAuthMethod=x&otc={}")),
    "card": (_pan, ("my card {}", "{}", "Karte {} gesperrt")),
    "iban": (_iban, ("IBAN {}", "{} bitte", "compte {}")),
}  # fmt: skip

STRONG: tuple[Maker, ...] = (
    lambda r: r.choice(("Summer", "Winter", "Bayern", "Madrid", "Ajax", "Lisboa", "Milano")) + str(r.randint(10, 2099)) + r.choice("!?#$%"),
    lambda r: r.choice(("hallo", "bonjour", "gatito", "welkom", "benfica")) + str(r.randint(100, 9999)),
    lambda r: _some(r, string.ascii_letters, 5) + r.choice("!@#$%&*+") + _some(r, string.digits, 3),
    lambda r: r.choice(("P@ssw0rd", "Qwertz!23", "Adm1n#", "T3ams_ok")) + str(r.randint(1, 99)),
)  # fmt: skip
PLAIN = (
    "sunshine",
    "dragonfly",
    "schnitzel",
    "fussball",
    "papillon",
    "bicyclette",
    "mariposa",
    "pomodoro",
    "fiets",
    "saudade",
)

# Sentences around a password of mixed signs.
PASSWORD_SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "my password is {}", "password: {}", "pw={}", "Password for Outlook is {}", "the pwd is {} and it still fails",
        "I typed my password {} three times", "my pass is: {}", "login bob password {}", "I changed my password to {}",
        "user: bob\npassword: {}", "{} is my password", "passwd {}", "my new password is '{}'", "temporary password: {}",
        "it rejects the password {} since today", "username/password: bob / {}",
    ),
    "de": (
        "mein Passwort ist {}", "Passwort: {}", "Kennwort: {}", "mein Kennwort lautet {}", "das Passwort für Teams ist {}",
        "PW: {}", "Passwort = {}", "ich habe das Passwort auf {} geändert", "Windows-Kennwort: {}", "{} ist mein Passwort",
        "Benutzer erika, Passwort {}", "Mein altes Passwort war {}",
    ),
    "fr": (
        "mon mot de passe est {}", "mot de passe : {}", "mdp: {}", "mdp={}", "le mot de passe pour Teams est {}",
        "mon ancien mot de passe était {}", "j'ai mis le mot de passe {}",
    ),
    "es": (
        "mi contraseña es {}", "contraseña: {}", "la contraseña de Outlook es {}", "clave: {}", "mi contrasena era {}",
        "puse la contraseña {}", "cambié mi contraseña a {}",
    ),
    "it": ("la mia password è {}", "password: {}", "la password per Teams è {}", "ho usato la password {}"),
    "nl": ("mijn wachtwoord is {}", "wachtwoord: {}", "het wachtwoord voor Teams is {}", "wachtwoord = {}"),
    "pt": ("minha senha é {}", "senha: {}", "a senha do Outlook é {}", "palavra-passe: {}"),
}  # fmt: skip
PLAIN_SENTENCES = (
    "my password is {}", "password: {}", "mein Passwort ist {}", "Kennwort: {}", "mon mot de passe est {}",
    "mot de passe : {}", "mi contraseña es {}", "contraseña: {}", "la mia password è {}", "mijn wachtwoord is {}",
    "minha senha é {}", "pw={}",
)  # fmt: skip
CODE_SENTENCES = (
    "my code is {}", "the code {} came by sms", "verification code: {}", "my authenticator code is {}", "OTP {}",
    "mein Code ist {}", "der Code lautet {}", "Einmalcode {}", "Bestätigungscode: {}", "der SMS-Code war {}",
    "le code est {}", "mon code est {}", "code de vérification : {}", "mi código es {}", "código de verificación: {}",
    "il codice è {}", "codice di verifica: {}", "verificatiecode {}", "o código é {}", "código de verificação: {}",
    "{} is my code", "{}",
)  # fmt: skip
# The first digits of codes that can be told from a six-digit sign-in error.
_CODE_STARTS = ("02", "18", "27", "31", "36", "42", "47", "58", "61", "68", "77", "84", "96")


def secrets(seed: int) -> Iterator[Sample]:
    """More than 2,000 samples: every structured kind 40 times, every sentence with several secrets."""
    rnd = random.Random(seed)
    for kind, (make, sentences) in STRUCTURED.items():
        for turn in range(40):
            secret = make(rnd)
            yield Sample(kind, sentences[turn % len(sentences)].format(secret), secret, structured=True)
    for language, said in PASSWORD_SENTENCES.items():
        for sentence in said:
            for make in STRONG * 3:
                secret = make(rnd)
                yield Sample(f"password ({language})", sentence.format(secret), secret, structured=False)
    for sentence in PLAIN_SENTENCES:
        for word in PLAIN:
            yield Sample("password (plain word)", sentence.format(word), word, structured=False)
    for sentence in CODE_SENTENCES:
        for turn in range(8):
            secret = rnd.choice(_CODE_STARTS) + _some(rnd, string.digits, 4)
            shown = f"{secret[:3]} {secret[3:]}" if turn == 0 else secret
            yield Sample("one-time code", sentence.format(shown), shown, structured=False)
    for word in ("my PIN is {}", "PIN: {}", "meine PIN ist {}", "mon code pin est {}", "mijn pincode is {}"):
        for _ in range(4):
            secret = _some(rnd, "3456789", 4)
            yield Sample("pin", word.format(secret), secret, structured=False)


HARMLESS = tuple(
    line.strip()
    for line in """
    it says my password is wrong
    I changed my password yesterday
    the password page does not load
    error code 500121
    My password is not accepted any more
    My password expired and the reset page is blank
    my password is correct, I am sure
    my password is still the same as last week
    my password is fine. Something else is broken.
    the password is case sensitive, right?
    Password: wrong
    password: forgotten
    password reset: https://passwordreset.microsoftonline.com
    I forgot my password
    what is my password?
    is my password expired?
    password policy: 14 characters minimum
    I was told the password must have 12 characters
    my password is older than 90 days
    Password manager: none
    I entered the password 5 times and now I'm locked out
    password for Office365 is not working
    the new password works on my phone but not in Outlook
    After the password change on Monday Teams asks again and again
    never send your password to anyone
    I did not give anybody my password
    it wants a code but no code arrives
    the code never came by SMS
    I typed the code and it says invalid
    I get code 53003
    Error Code: 53003
    error 50076 after the password page
    Fehlercode 500121
    code d'erreur 500121
    código de error: 530032
    codice errore 700016
    foutcode 53003
    the verification code page shows error 500121
    verification code does not arrive, error 500121 then
    status code 401
    zip code 80331
    sign-in error code 90095
    mein Passwort ist falsch
    mein Passwort ist abgelaufen
    mein Passwort wird nicht angenommen
    Passwort vergessen
    Kennwort: geht nicht
    das Kennwort ist richtig, trotzdem kommt der Fehler
    das Passwort habe ich gestern geändert
    Passwort falsch, dann AADSTS50126
    die Passwortseite lädt nicht
    ich bekomme keinen Code auf das Handy
    der Code kommt nicht an
    der Code ist ungültig
    das Passwort muss 12 Zeichen haben
    mon mot de passe est incorrect
    mon mot de passe a expiré hier
    mot de passe oublié
    le mot de passe ne marche plus depuis lundi
    le code n'arrive pas
    le code est invalide
    mi contraseña es incorrecta
    mi contraseña no funciona
    he olvidado la contraseña
    la contraseña ha caducado
    el código no llega
    la mia password è scaduta
    la password è sbagliata
    ho dimenticato la password
    il codice non arriva
    mijn wachtwoord is verlopen
    wachtwoord vergeten
    mijn wachtwoord is onjuist
    de code komt niet aan
    minha senha é inválida
    esqueci a senha
    minha senha expirou
    o código não chega
    AADSTS50126: Error validating credentials due to invalid username or password.
    AADSTS50055: The password is expired.
    AADSTS1000002 after I linked my account
    AADSTS7000222: The provided client secret keys for app are expired.
    AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.
    AADSTS500121: Authentication failed during strong authentication request.
    Request Id: 4a484a80-5fb2-4f97-9410-efb996198a00
    Correlation Id: 4ec72077-0740-4398-97a3-effd8786550e
    Timestamp: 2026-09-03T13:32:53.761Z
    Device identifier: Not available
    Device state: Unregistered
    https://login.microsoftonline.com/error?code=50058
    https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&response_type=code
    please call me on +49 171 1234567
    my ticket is INC0012345
    ticket 20261122 was closed
    my employee number is 12345678
    it started at 09:41 on 22.11.2026
    error 0xCAA5001C in Outlook
    broker returned 3399614476
    the token expired, it says
    it says invalid token
    bearer token missing
    Cookies are blocked in my browser
    I deleted all cookies
    the key does not open the door
    I pressed the Continue key
    the PIN screen does not show
    my PIN does not work on Windows Hello
    Windows Hello PIN is not set up
    I use a passkey now, no password
    KeePass opens fine
    my password is up-to-date
    the Authenticator shows number 42
    Passwords are synced with OneDrive
    Outlook asks for the password every 10 minutes
    I work on Windows11 with Office365
    credentials: not accepted
    my login data are correct
    {"error":"invalid_grant","error_codes":[50076],"timestamp":"2026-11-22 09:41:07Z"}
    AzureAdPrt : NO
    Attempt Status : 0xc000006d
    HTTP status code: 400
    version 16.0.17928.20148 of Outlook
    MSAL.NetCore.4.61.3.0.MsalUiRequiredException: ErrorCode: invalid_grant
    """.strip().splitlines()
)

_WHO = ("I", "my colleague", "the new intern", "our customer", "everyone in sales", "my boss")
_WHAT = (
    "cannot sign in to",
    "gets logged out of",
    "sees a blank page in",
    "has to enter the password again in",
    "needs a code for",
    "is asked for a password by",
)
_WHERE = ("Teams", "Outlook", "SAP", "the VPN portal", "SharePoint", "Azure DevOps")
_WHEN = (
    "since 9:40",
    "since the password was changed on Monday",
    "after AADSTS50076",
    "with error 53003",
    "since the update 16.0.1792",
    "after entering the code twice",
)
_SAID = (
    "Mein Passwort",
    "Das Kennwort",
    "Le mot de passe",
    "La contraseña",
    "La password",
    "Het wachtwoord",
    "A senha",
    "My password",
)
_STATE = (
    ("ist falsch", "ist abgelaufen", "geht nicht", "wurde gestern geändert", "ist richtig"),
    ("ist unbekannt", "läuft ab", "wird abgelehnt", "ist zu kurz", "ist neu"),
    ("est refusé", "est expiré", "ne marche pas", "est correct", "a changé hier"),
    ("es incorrecta", "está caducada", "no funciona", "es nueva", "es la misma"),
    ("è errata", "è scaduta", "non funziona", "è corretta", "è la stessa"),
    ("is verkeerd", "is verlopen", "werkt niet", "is juist", "is hetzelfde"),
    ("é inválida", "expirou", "não funciona", "é a mesma", "está errada"),
    ("is wrong", "is expired", "is not working", "is the same", "is too short"),
)  # fmt: skip


def harmless(seed: int) -> list[str]:
    """More than 1,000 different sentences about sign-in trouble without any secret."""
    rnd = random.Random(seed)
    made = [
        f"{who} {what} {where} {when}" for who in _WHO for what in _WHAT for where in _WHERE for when in _WHEN
    ]
    tails = (
        "",
        ".",
        " und jetzt AADSTS50126",
        ", 50126",
        f" ({uuid.UUID(int=7)})",
        " - 2026-11-22 09:41",
        " Help!",
    )
    made += [
        f"{said} {state}{tail}"
        for said, states in zip(_SAID, _STATE, strict=True)
        for state in states
        for tail in tails
    ]
    made += [
        f"Request Id: {uuid.UUID(int=rnd.getrandbits(128))} Timestamp: 2026-11-{day:02}T09:41:07Z error {code}"
        for day in range(1, 29)
        for code in (50076, 53003, 500121)
    ]
    return [*HARMLESS, *made]
