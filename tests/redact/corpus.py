"""Made-up secrets to try the redactor on; every one is generated, none was ever real.

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
