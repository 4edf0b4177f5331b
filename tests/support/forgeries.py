"""Requests that must not get in: a table of forgeries, each by its name.

A forgery takes the played cloud and returns how its request differs from a good one: ``token``,
``headers``, ``authorizations`` (several headers) or ``activity``. Nothing returned means that the cloud
itself was changed.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.cloud import APP_ID, DROP, TENANT, PlayedCloud, rsa_key

Forgery = Callable[[PlayedCloud], Mapping[str, Any]]
DAY = 86_400
FOREIGN = "99999999-9999-4999-8999-999999999999"


def b64(value: Any) -> str:
    """Base64url of bytes, or of a value's JSON."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> Forgery:
    """A token signed with the right key, but saying something else."""
    return lambda cloud: {"token": cloud.token(**changes)}


def header(**changes: Any) -> Forgery:
    """A token signed with the right key, with another header."""
    return lambda cloud: {"token": cloud.token(header=changes)}


def activity(**changes: Any) -> Forgery:
    """A good token with an activity it was not made for."""
    return lambda cloud: {"activity": cloud.activity(**changes)}


def raw(text: str) -> Forgery:
    """An Authorization header that is no token."""
    return lambda _cloud: {"token": None, "headers": {"Authorization": text}}


class Parts(NamedTuple):
    """A cloud, and the header, payload and signature of a good token of it."""

    c: PlayedCloud
    h: str
    p: str
    s: str


def assembled(make: Callable[[Parts], str]) -> Forgery:
    """A token put together by hand from the parts of a good one."""
    return lambda cloud: {"token": make(Parts(cloud, *cloud.token().split(".")))}


def hs256(cloud: PlayedCloud, *, kid: str = "key-1") -> str:
    """The classic: signed with HMAC, the public key as the secret."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{b64(cloud.claims())}"
    return f"{signed}.{b64(hmac.new(cloud.pem(), signed.encode(), hashlib.sha256).digest())}"


def signed_by_stranger(**head: Any) -> Forgery:
    """A token signed by a key that the channel does not publish."""
    return lambda cloud: {"token": cloud.token(key="stranger", header={"kid": "key-1", **head})}


def ecdsa(cloud: PlayedCloud) -> Mapping[str, Any]:
    """Signed with another kind of key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return {"token": jwt.encode(cloud.claims(), key, algorithm="ES256", headers={"kid": "key-1"})}


def other_hash(algorithm: str) -> Forgery:
    """Signed by the right key with an algorithm that the channel does not use."""
    return lambda cloud: {"token": cloud.token(algorithm=algorithm)}


def handmade_header(text: str) -> Forgery:
    """The right claims under a header written by hand, signed by the right key."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        signed = f"{b64(text.encode())}.{b64(cloud.claims())}".encode()
        algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        return {"token": f"{signed.decode()}.{b64(algorithm.sign(signed, rsa_key('key-1')))}"}

    return forge


def handmade_claims(text: str) -> Forgery:
    """Claims written by hand, signed by the right key."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        head = b64({"alg": "RS256", "kid": "key-1", "typ": "JWT"})
        both = f'"iss":"{cloud.issuer}","aud":"{cloud.app_id}","serviceurl":"{cloud.service_url}"'
        signed = f"{head}.{b64(text.replace('ALL_ELSE', both).encode())}".encode()
        algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        return {"token": f"{signed.decode()}.{b64(algorithm.sign(signed, rsa_key('key-1')))}"}

    return forge


def two_headers(cloud: PlayedCloud) -> Mapping[str, Any]:
    """Two Authorization headers, both good."""
    return {"authorizations": [f"Bearer {cloud.token()}", f"Bearer {cloud.token()}"]}


def unendorsed(endorsements: Any) -> Forgery:
    """A key that may not sign for Teams."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        cloud.published = [cloud.jwk("key-1", endorsements=endorsements)]
        return {}

    return forge


def elsewhere(url: str) -> Forgery:
    """Token and activity agree on a service URL that is not on the list."""
    return lambda cloud: {"token": cloud.token(serviceurl=url), "activity": cloud.activity(serviceUrl=url)}


EMULATOR = [
    "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/",
    "https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0",
    "https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/",
    "https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a/v2.0",
    "https://sts.windows.net/cab8a31a-1906-4287-a0d8-4eef66b95f6e/",
    "https://login.microsoftonline.us/cab8a31a-1906-4287-a0d8-4eef66b95f6e/v2.0",
    "https://login.microsoftonline.us/f8cdef31-a31e-4b4a-93e4-5f571e91255a/",
    "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
    "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
    f"https://sts.windows.net/{TENANT}/",
]

FORGERIES: dict[str, Forgery] = {
    # no token, or no bearer token
    "no header": lambda _cloud: {"token": None},
    "empty header": raw(""),
    "only the scheme": raw("Bearer"),
    "scheme and space": raw("Bearer "),
    "basic": raw("Basic dXNlcjpwYXNz"),
    "scheme missing": lambda cloud: {"token": None, "headers": {"Authorization": cloud.token()}},
    "two tokens in one": lambda cloud: {"token": f"{cloud.token()}, Bearer {cloud.token()}"},
    "two headers": two_headers,
    "good then empty": lambda cloud: {"authorizations": [f"Bearer {cloud.token()}", ""]},
    "garbage": raw("Bearer abc"),
    "dots": raw("Bearer .."),
    "two parts": raw("Bearer e30.e30"),
    "five parts": raw("Bearer e30.e30.e30.e30.e30"),
    "not ASCII": raw("Bearer e\u00ff0.e30.e30"),
    "not base64": raw("Bearer !!!.???.###"),
    "not JSON": raw(f"Bearer {b64(b'x')}.{b64(b'y')}.{b64(b'z')}"),
    "deep JSON": raw(f"Bearer {b64(b'[' * 3000)}.e30.AAAA"),
    "oversize": raw("Bearer " + "A" * 8100),
    "way oversize": raw("Bearer " + "A" * 20_000),
    # signatures
    "alg none": assembled(lambda t: f"{b64({'alg': 'none', 'kid': 'key-1'})}.{t.p}."),
    "alg None with signature": assembled(lambda t: f"{b64({'alg': 'None', 'kid': 'key-1'})}.{t.p}.{t.s}"),
    "alg missing": assembled(lambda t: f"{b64({'kid': 'key-1'})}.{t.p}.{t.s}"),
    "alg a list": assembled(lambda t: f"{b64({'alg': ['RS256'], 'kid': 'key-1'})}.{t.p}.{t.s}"),
    "HS256 with the public key": lambda cloud: {"token": hs256(cloud)},
    "HS256 with a path as key id": lambda cloud: {"token": hs256(cloud, kid="../../dev/null")},
    "ES256": ecdsa,
    "PS256": other_hash("PS256"),
    "RS384": other_hash("RS384"),
    "RS512": other_hash("RS512"),
    "empty signature": assembled(lambda t: f"{t.h}.{t.p}."),
    "signature of another token": assembled(lambda t: f"{t.h}.{t.p}.{t.c.token(exp=1).split('.')[2]}"),
    "signature cut": assembled(lambda t: f"{t.h}.{t.p}.{t.s[:-8]}"),
    "changed claims": assembled(lambda t: f"{t.h}.{b64(t.c.claims(extra=1))}.{t.s}"),
    "changed header": assembled(
        lambda t: f"{b64({'alg': 'RS256', 'kid': 'key-1', 'typ': 'jwt'})}.{t.p}.{t.s}"
    ),
    "stranger under our key id": signed_by_stranger(),
    "stranger under its own key id": lambda cloud: {"token": cloud.token(key="stranger")},
    "stranger brings jwk": lambda cloud: {
        "token": cloud.token(key="stranger", header={"kid": "key-1", "jwk": cloud.jwk("stranger")})
    },
    "stranger brings jku": signed_by_stranger(jku="https://evil.example/keys"),
    "stranger brings x5u": signed_by_stranger(x5u="https://evil.example/cert"),
    "stranger brings x5c": signed_by_stranger(x5c=["AAAA"]),
    # headers of tokens signed by the right key
    "jku": header(jku="https://evil.example/keys"),
    "x5u": header(x5u="https://evil.example/cert"),
    "jwk": lambda cloud: {"token": cloud.token(header={"jwk": cloud.jwk("key-1")})},
    "crit": header(crit=["exp"], exp=1),
    "b64 false": handmade_header('{"alg":"RS256","kid":"key-1","b64":false,"crit":["b64"]}'),
    "no key id": header(kid=DROP),
    "empty key id": handmade_header('{"alg":"RS256","kid":""}'),
    "key id a number": handmade_header('{"alg":"RS256","kid":1}'),
    "key id a path": handmade_header('{"alg":"RS256","kid":"../key-1"}'),
    "key id endless": handmade_header('{"alg":"RS256","kid":"' + "k" * 3000 + '"}'),
    "two algs": handmade_header('{"alg":"none","alg":"RS256","kid":"key-1"}'),
    "two key ids": handmade_header('{"alg":"RS256","kid":"other","kid":"key-1"}'),
    "header a list": handmade_header('["RS256"]'),
    # claims
    "no issuer": claims(iss=DROP),
    "empty issuer": claims(iss=""),
    "issuer with slash": claims(iss="https://api.botframework.com/"),
    "issuer of the government cloud": claims(iss="https://api.botframework.us"),
    "issuer a list": claims(iss=["https://api.botframework.com"]),
    "issuer in capitals": claims(iss="https://API.botframework.com"),
    **{f"emulator {issuer}": claims(iss=issuer, appid=APP_ID, ver="1.0") for issuer in EMULATOR},
    "our own outbound token": claims(
        iss=f"https://sts.windows.net/{TENANT}/", aud="https://api.botframework.com", appid=APP_ID
    ),
    "our own outbound token, old tenant": claims(
        iss=EMULATOR[0], aud="https://api.botframework.com", appid=APP_ID, serviceurl=DROP
    ),
    "skill token": claims(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0",
        ver="2.0", aud=APP_ID, azp=FOREIGN,
    ),
    "no audience": claims(aud=DROP),
    "another bot's audience": claims(aud=FOREIGN),
    "audience a list": claims(aud=[APP_ID]),
    "audience empty": claims(aud=""),
    "audience in capitals": claims(aud=f"{{{APP_ID}}}"),
    "no expiry": claims(exp=DROP),
    "expiry null": claims(exp=None),
    "expiry true": handmade_claims('{ALL_ELSE,"exp":true}'),
    "expiry text": handmade_claims('{ALL_ELSE,"exp":"9999999999"}'),
    "expiry infinite": handmade_claims('{ALL_ELSE,"exp":1e999}'),
    "expiry NaN": handmade_claims('{ALL_ELSE,"exp":NaN}'),
    "expired yesterday": lambda cloud: {"token": cloud.token(exp=int(cloud.clock()) - DAY)},
    "expired 301 s ago": lambda cloud: {"token": cloud.token(exp=int(cloud.clock()) - 301)},
    "valid in 301 s": lambda cloud: {"token": cloud.token(nbf=int(cloud.clock()) + 301)},
    "valid from garbage": handmade_claims('{ALL_ELSE,"exp":9e9,"nbf":"x"}'),
    "no service URL in the token": claims(serviceurl=DROP),
    "empty service URL in the token": lambda cloud: {
        "token": cloud.token(serviceurl=""), "activity": cloud.activity(serviceUrl="")
    },
    "service URL of the token a list": lambda cloud: {"token": cloud.token(serviceurl=[cloud.service_url])},
    "service URL of the token misspelt": lambda cloud: {
        "token": cloud.token(serviceurl=DROP, serviceUrl=cloud.service_url)
    },
    # activities that the token was not made for
    "no service URL": activity(serviceUrl=DROP),
    "empty service URL": activity(serviceUrl=""),
    "null service URL": activity(serviceUrl=None),
    "other service URL": activity(serviceUrl="https://smba.trafficmanager.net/"),
    "evil service URL": activity(serviceUrl="https://evil.example/"),
    "service URL without slash": lambda c: {"activity": c.activity(serviceUrl=c.service_url.rstrip("/"))},
    "service URL in capitals": lambda c: {"activity": c.activity(serviceUrl=c.service_url.upper())},
    "service URL with zero width": lambda c: {"activity": c.activity(serviceUrl=c.service_url + "\u200b")},
    "service URL a list": lambda c: {"activity": c.activity(serviceUrl=[c.service_url])},
    "agreed evil service URL": elsewhere("https://evil.example/"),
    "agreed evil port": elsewhere("http://127.0.0.1:1/teams/"),
    "agreed look-alike": elsewhere("https://smba.trafficmanager.net@evil.example/"),
    "agreed plain http": elsewhere("http://smba.trafficmanager.net/"),
    "agreed other path": lambda c: elsewhere(c.url + "/teamsevil/")(c),
    "no channel": activity(channelId=DROP),
    "empty channel": activity(channelId=""),
    "channel emulator": activity(channelId="emulator"),
    "channel not endorsed": activity(channelId="telegram"),
    "channel a list": activity(channelId=["msteams"]),
    "channel in capitals": activity(channelId="MSTEAMS"),
    "key without endorsements": unendorsed(DROP),
    "key with no endorsement": unendorsed([]),
    "key endorsed for others": unendorsed(["telegram"]),
    "key endorsed as text": unendorsed("msteams"),
    # other tenants
    "foreign tenant": activity(
        channelData={"tenant": {"id": FOREIGN}}, conversation={"id": "a:x", "tenantId": FOREIGN}
    ),
    "foreign in channel data": activity(channelData={"tenant": {"id": FOREIGN}}),
    "foreign in conversation": activity(conversation={"id": "a:x", "tenantId": FOREIGN}),
    "no tenant at all": activity(channelData=DROP, conversation={"id": "a:x"}),
    "tenant a number": activity(channelData={"tenant": {"id": 7}}),
    "tenant a list": activity(conversation={"id": "a:x", "tenantId": [TENANT]}),
    "tenant empty": activity(channelData={"tenant": {"id": ""}}, conversation={"id": "a:x", "tenantId": ""}),
}  # fmt: skip
