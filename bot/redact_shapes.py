"""Secrets that can be told by their shape: tokens, keys, cookies, form fields, assertions, card numbers.

Every pattern is bounded or possessive, so that no text takes more than linear time. It must not read
sentences (that is `bot.redact_phrases`).

Source of the cookie and field names: Microsoft's list of sign-in cookies, the sign-in pages' own forms, the
OAuth 2.0 parameters; of key prefixes: the issuers' documentation.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.redact_spans import GUID, MARK, Kind, Span, folded, kept


class _Shape(NamedTuple):
    kind: Kind
    pattern: re.Pattern[str]  # group "cut" is the secret; without one it is the whole match
    sure: Callable[[str], bool] | None = None
    hints: tuple[str, ...] = ()  # one of them is in whatever matches, in lower case; looking for it is quick


def _shape(
    kind: Kind,
    pattern: str,
    flags: re.RegexFlag = re.IGNORECASE,
    sure: Callable[[str], bool] | None = None,
    hints: str = "",
) -> _Shape:
    return _Shape(kind, re.compile(pattern, flags), sure, tuple(hints.split()))


def _dense(value: str) -> bool:
    """Looks like random bytes in base64: upper and lower case and several digits."""
    return sum(map(str.isdigit, value)) >= 4 and any(map(str.islower, value)) and any(map(str.isupper, value))


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _luhn(value: str) -> bool:
    digits = [int(each) for each in value if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 and len(set(digits)) > 1


def _iban(value: str) -> bool:
    bare = re.sub(r"[ -]", "", value).upper()
    turned = bare[4:] + bare[:4]
    return (
        len(bare) == _IBAN_LENGTH.get(bare[:2], 0)
        and int("".join(str(int(each, 36)) for each in turned)) % 97 == 1
    )


def _opaque_code(value: str) -> bool:
    """An authorization code, and not the number of an error (`error?code=50058`)."""
    return len(value) >= 12 and not value.isalpha() and not kept(value)


def _worth(value: str) -> bool:
    return not kept(value)


def _no_word(value: str) -> bool:
    """Not an everyday word behind "token:" or "secret:"."""
    return not kept(value) and (_has_digit(value) or len(value) >= 20)


# Characters of a token, then more of it after a line break that a mail program or a narrow window put in.
_RUN = r"[A-Za-z0-9_=+/%~-]"
_WRAPPED = rf"(?:\\?[rn\\]{{0,4}}\s{{1,3}}(?!{GUID})[A-Za-z0-9_=+/-]{{24,}}+(?![^\s.,;\"'&]))"
_TAIL = (
    r"(?:\s?\n(?=[A-Za-z_=+/-]{0,80}[0-9])(?=[0-9_=+/-]{0,80}[A-Za-z])"
    rf"(?!{GUID})(?!AADSTS)[A-Za-z0-9_=+/.-]{{2,80}}(?=\s*(?:$|\n)))?"
)
_FIELD = r"\\?[\"']?\s{0,2}(?:=|:|%3[dD])\s{0,2}\\?[\"']?"  # between a name and its value
_START = r"(?:(?<![A-Za-z0-9_.\-])|(?<=%26)|(?<=%3[fF])|(?<=%23)|(?<=%20))"
_VALUE = rf"(?!{MARK})(?P<cut>(?:(?!%26)[^&\s\"'<>;,\\])+)"

_COOKIES = (
    r"ESTSAUTH(?:PERSISTENT|LIGHT)?|ESTSSC|ESTSWCTXFLOWTOKEN|ESTSUSERLIST|SignInStateCookie|CCState|esctx(?:-\w{1,20})?"
    r"|x-ms-(?:refreshtoken|device)credential1?|estsState(?:Transient|Persistent)|SSOCOOKIEPULLED|AADSSO|FedAuth\d?|rtFa"
    r"|MSPAuth|MSPProf|RPSAuth|RPSSecAuth|WLSSC|MSISAuth(?:enticated|1)?|MSISIPSelectionSecure|OIDCAuth|authtoken"
    r"|AppServiceAuthSession|ASP\.NET_SessionId|\.AspNet(?:Core)?\.[\w.]{1,40}|JSESSIONID|PHPSESSID|connect\.sid|sessionid"
)
_COOKIE_HINTS = (
    "ests signinstatecookie ccstate esctx x-ms- ssocookie aadsso fedauth rtfa mspauth mspprof rpsauth rpssec"
    " wlssc msisauth msisip oidcauth authtoken appserviceauth asp.net_ .aspnet jsessionid phpsessid"
    " connect.sid sessionid"
)
_TOKENS = (
    "access_token|refresh_token|id_token|id_token_hint|accessToken|refreshToken|idToken|client_assertion|assertion|"
    "flowToken|sFT|ctx|sCtx|wctx|canary|apiCanary|sso_nonce|device_code|client_info|code_verifier|prt|session_key|"
    "primary_refresh_token|auth_token|csrf_token|x-auth-token|token"
)
_SECRETS = (
    "client_secret|clientSecret|api[_-]?key|x-api-key|subscription-key|Ocp-Apim-Subscription-Key|x-functions-key|"
    "AccountKey|SharedAccessKey|SharedAccessSignature|sharedSecret|aws_secret_access_key|secret_key|private_key|"
    "storage_?key|primary_?key|secondary_?key|app_secret|secret"
)

_APP_SECRETS = (
    "client_secret|clientSecret|app_secret|api[_-]?key|AccountKey|SharedAccessKey|secret_key|private_key"
)

_SHAPES: tuple[_Shape, ...] = (
    # PEM, whole or cut short
    _shape(
        "key",
        r"-----BEGIN [A-Z0-9 ]{1,40}-----(?:(?:[A-Za-z0-9+/=\s\\:,.]|-(?!-))*+-----END [A-Z0-9 ]{1,40}-----"
        r"|(?:[\s\\rn]{0,6}[A-Za-z0-9+/=]{20,}+)*+)",
        hints="-----begin",
    ),
    _shape(
        "key",
        r"Private-Lines: [0-9]{1,4}(?:\s{1,2}[A-Za-z0-9+/=]{8,}+)*+(?:\s{1,2}Private-MAC: [0-9a-f]{16,}+)?",
        hints="private-lines",
    ),
    # JSON Web Tokens, whole, cut short, or broken over lines
    _shape(
        "token",
        rf"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_=-]{{8,}}+(?:\s{{0,2}}\.{{1,2}}\s{{0,2}}[A-Za-z0-9_=-]++|{_WRAPPED})*+{_TAIL}",
        hints="eyj",
    ),
    # Entra refresh tokens and codes, Microsoft account tokens, older opaque ones
    _shape(
        "token",
        rf"(?<![\w.])[01]\.A[A-Za-z0-9_-]{{18,}}+(?:\.[A-Za-z0-9_-]++|{_WRAPPED})*+{_TAIL}",
        re.NOFLAG,
        hints="0.a 1.a",
    ),
    _shape(
        "token",
        r"\bM\.[CR][0-9]{1,4}_[A-Z0-9]{1,8}\.[^\s&\"'<>]{8,}",
        hints="m.c m.r",
    ),
    _shape(
        "token",
        rf"\b(?:[A-Z]AQABAA|AQABAAAAAA|EwB[A-Za-z0-9]|OAQABAA){_RUN}{{30,}}+{_WRAPPED}*+",
        re.NOFLAG,
        hints="aqabaa ewb",
    ),
    # headers
    _shape(
        "token",
        r"\b(?:proxy-)?authorization\\?[\"']?\s{0,2}[:=]\s{0,2}\\?[\"']?(?P<cut>(?:bearer|basic|digest|ntlm|negotiate|pop|dpop|sharedkey)\s{1,3}[^\s\"'\\]+|[^\s\"'\\]{16,})",
        hints="authorization",
    ),
    _shape(
        "token",
        rf"\b(?:bearer|pop)\s{{1,3}}(?P<cut>[A-Za-z0-9._~+/=-]{{16,}}+{_WRAPPED}*+)",
        sure=_has_digit,
        hints="bearer pop",
    ),
    _shape(
        "cookie",
        r"\b(?:set-)?cookie2?\\?[\"']?\s{0,2}[:=]\s{0,2}\\?[\"']?(?P<cut>[^\s=;\"']{1,80}=[^\r\n\"]*)",
        hints="cookie",
    ),
    _shape(
        "cookie",
        rf"{_START}(?:{_COOKIES}){_FIELD}{_VALUE}",
        hints=_COOKIE_HINTS,
    ),
    _shape(
        "cookie",
        rf"{_START}(?:{_COOKIES})[ \t|]{{1,8}}(?!{MARK})(?P<cut>[^\s|]{{16,}})",
        sure=_has_digit,
        hints=_COOKIE_HINTS,
    ),
    _shape(
        "cookie",
        rf"{_START}(?:ch|buid|fpc|rrc|brcap)=(?P<cut>[^\s;&\"']{{16,}})",
        hints="ch= buid= fpc= rrc= brcap=",
    ),
    # links and forms
    _shape(
        "saml",
        rf"{_START}(?:SAMLResponse|SAMLRequest|SAMLart|wresult){_FIELD}{_VALUE}",
        hints="samlre samlart wresult",
    ),
    _shape(
        "token",
        rf"{_START}(?:{_TOKENS}){_FIELD}(?!{MARK})(?P<cut>(?:(?!%26)[^&\s\"'<>;,\\]){{12,}}+)",
        sure=_no_word,
        hints="token assertion sft ctx canary nonce device_code client_info verifier prt session_key",
    ),
    _shape(
        "key",
        rf"{_START}(?:{_SECRETS}){_FIELD}(?!{MARK})(?P<cut>(?:(?!%26)[^&\s\"'<>;,\\]){{8,}}+)",
        sure=_no_word,
        hints="secret key sharedaccess",
    ),
    # a field of a form or of JSON, however short
    _shape(
        "key",
        rf"{_START}(?:{_APP_SECRETS})(?:=|%3[dD]|\\?[\"']\s{{0,2}}[:=]\s{{0,2}}\\?[\"']){_VALUE}",
        sure=_worth,
        hints="secret key",
    ),
    _shape(
        "key",
        r"(?:[?&]|%26|%3f)sig(?:=|%3d)(?P<cut>[A-Za-z0-9%+/=_-]{16,})",
        hints="sig= sig%3d",
    ),
    _shape(
        "code",
        rf"(?:[?&#]|%26|%3f|%23|[\"'])code{_FIELD}(?!{MARK})(?P<cut>(?:(?!%26)[^&\s\"'<>;,\\])+)",
        sure=_opaque_code,
        hints="code",
    ),
    _shape(
        "code",
        rf"{_START}(?:otc|otp|user_code|AdditionalAuthData){_FIELD}(?!{MARK})(?P<cut>[A-Za-z0-9-]{{4,20}}(?![A-Za-z0-9]))",
        sure=_has_digit,
        hints="otc otp user_code additionalauthdata",
    ),
    _shape(
        "token",
        rf"[?&#](?:state|nonce){_FIELD}(?P<cut>[^&\s\"'<>]{{40,}})",
        hints="state nonce",
    ),
    _shape(
        "password",
        rf"{_START}(?:passwd|password|pwd|userPassword|user_password|newPassword|oldPassword)(?:=|%3[dD]|\\?[\"']\s{{0,2}}[:=]\s{{0,2}}\\?[\"']?){_VALUE}",
        hints="passw pwd",
    ),
    _shape(
        "password",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,100}:(?P<cut>[^\s/@\"'<>]{1,200})@",
        sure=_worth,
        hints="://",
    ),
    # keys that carry their issuer's mark
    _shape(
        "key",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,})",
        hints="ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- npm_ pypi-",
    ),
    _shape(
        "key",
        r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{12,}|whsec_[A-Za-z0-9+/=]{16,})",
        hints="xox xapp- _live_ _test_ whsec_",
    ),
    _shape(
        "key",
        r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ABIA|ACCA)[A-Z0-9]{16}\b",
        re.NOFLAG,
        hints="akia asia agpa aida aroa anpa abia acca",
    ),
    _shape(
        "key",
        r"\b(?:AIza[\w-]{35}|ya29\.[\w-]{16,}|GOCSPX-[\w-]{16,}|sk-(?:ant-|proj-)?[\w-]{20,}|hf_[A-Za-z0-9]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|dapi[0-9a-f]{32}|dop_v1_[0-9a-f]{32,}|shpat_[0-9a-f]{32})",
        hints="aiza ya29. gocspx- sk- hf_ sg. dapi dop_v1_ shpat_",
    ),
    _shape(
        "key",
        r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        re.NOFLAG,
        hints="q~",
    ),  # Entra client secret
    _shape(
        "key",
        r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9=])",
        sure=_dense,
        hints="==",
    ),  # storage account key
    _shape(
        "key",
        r"\b[0-9]{8,10}:AA[\w-]{32,34}\b|\bSK[0-9a-f]{32}\b|\b[a-z2-7]{52}\b",
        re.NOFLAG,
        sure=_has_digit,
    ),
    _shape(
        "key",
        r"hooks\.slack\.com/services/(?P<cut>[\w/]{20,})|webhook\.office\.com/(?P<path>webhookb2/[\w@/-]{40,})",
        hints="hooks.slack.com webhook.office.com",
    ),
    # SAML in base64: "<saml", "<?xml", "<Response", "<Assertion", "<EncryptedAssertion"
    _shape(
        "saml",
        rf"(?<![A-Za-z0-9+/])(?:PHNhbWw|PD94bWw|PFJlc3BvbnNl|PEFzc2VydGlvb|PEVuY3J5cHRlZEFzc2VydGlvb|PFNBTUw){_RUN}{{20,}}+{_WRAPPED}*+{_TAIL}",
        re.NOFLAG,
        hints="phnhbww pd94bww pfjlc3bvbnnl pefzc2vydglvb pevuy3j5chrlzefzc2vydglvb pfnbtuw",
    ),
    # the middle of something long and random
    _shape("token", r"(?<![\w/.:%+=-])[A-Za-z0-9_+/-]{64,}+={0,2}", re.NOFLAG, sure=_dense),
    _shape("key", r"(?<![\w-])(?:[0-9]{6}-){7}[0-9]{6}(?![\w-])"),  # BitLocker recovery key
    _shape(
        "password",
        r"\bConvertTo-SecureString\s{1,3}(?:-String\s{1,3})?[\"'](?P<cut>[^\"'\n]{1,200})",
        hints="convertto-securestring",
    ),
    # numbers with a check digit
    _shape(
        "card",
        r"(?<![\w.-])(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011|4[4-9][0-9]|5[0-9]{2})|35[0-9]{2})"
        r"(?P<gap>[ -]?)[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{4}(?:(?P=gap)[0-9]{3})?(?![\w-])"
        r"|(?<![\w.-])3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}(?![\w-])"
        r"|(?<![\w.-])3(?:0[0-5]|[68][0-9])[0-9][ -]?[0-9]{6}[ -]?[0-9]{4}(?![\w-])",
        sure=_luhn,
    ),
)

# ISO 13616: how long an IBAN of each country is.
_IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23,
    "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
    "BR": 29, "RS": 22, "QA": 29, "KW": 30,
}  # fmt: skip
_IBAN = re.compile(
    "|".join(
        rf"\b(?:{each})[0-9]{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}(?![A-Z0-9])"
        for each, length in _IBAN_LENGTH.items()
    ),
    re.IGNORECASE,
)

_XML = re.compile(
    r"<(?:(saml2?p?|samlp|trust|wst|t):)?(EncryptedAssertion|Assertion|Response|AuthnRequest|RequestSecurityTokenResponse(?:Collection)?)\b",
    re.IGNORECASE,
)


def shapes(text: str) -> list[Span]:
    """Every secret in `text` that shows by its shape; spans may overlap."""
    spans = list(_xml(text))
    lower = folded(text)
    for kind, pattern, sure, hints in _SHAPES:
        if hints and not any(hint in lower for hint in hints):
            continue
        for match in pattern.finditer(text):
            group = next((name for name in ("cut", "path") if match.groupdict().get(name)), None)
            start, end = match.span(group) if group else match.span()
            if sure is None or sure(text[start:end]):
                spans.append(Span(start, end, kind))
    spans += (Span(*match.span(), "bank") for match in _IBAN.finditer(text) if _iban(match[0]))
    return spans


def _xml(text: str) -> Iterator[Span]:
    """SAML and WS-Trust answers, from the opening tag to its closing one, or to the end if there is none."""
    done = 0
    for match in _XML.finditer(text):
        if match.start() < done or not (match[1] or "SAML" in text[match.start() : match.start() + 400]):
            continue
        closing = f"</{match[1] + ':' if match[1] else ''}{match[2]}>"
        found = text.find(closing, match.end())
        done = len(text) if found < 0 else found + len(closing)
        yield Span(match.start(), done, "saml")
