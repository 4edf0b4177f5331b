"""Fetches what people send in Teams, from where Teams says it is, and from nowhere else.

A file lies in the person's OneDrive, behind a link that opens it for whoever has the link, for a short time:
it is a secret, and never gets our token. A picture that was pasted lies at the connector and needs the token,
which goes to the service URLs that may have it and to no other address; not after a redirect either. The
facts: https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/bots-filesv4

Every address is a stranger's: only https, only names, and only names that lead out of our own network; that
is looked at for each redirect anew, and the connection goes to the very address that was looked at. No error
names an address. Must not know: activities, the store, how often to try again.
"""

import ipaddress
import socket
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.errors import DeliveryFailed, FileLost
from bot.files import LARGEST, UNKNOWN, media_type
from bot.retry_after import seconds
from bot.teams.service_urls import ServiceUrls, is_loopback_host
from bot.teams.tokens import TokenSource, TokenUnavailable

# Less than the outbox waits for one delivery; a file of the largest size needs 6 Mbit/s.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5, sock_read=8)
_REDIRECTS: Final = 3
_CHUNK: Final = 64 * 1024
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_RUN_OUT: Final = frozenset({401, 403, 404, 410})
_PASSING: Final = frozenset({408, 425, 429})
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind a network that has IPv6 only


class PublicOnly(AbstractResolver):
    """Names lead to addresses outside of our own network, or nowhere; `loopback`: or to this machine."""

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback
        self._names = ThreadedResolver()

    async def resolve(  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host` that may be spoken to.

        Raises:
            OSError: There is none.
        """
        found = await self._names.resolve(host, port, family)
        allowed = [each for each in found if self._may(each["host"])]
        if not allowed:
            raise OSError("the name leads into our own network")
        return allowed

    async def close(self) -> None:  # type: ignore[explicit-override]  # as above
        """Nothing to let go of."""
        await self._names.close()

    def _may(self, address: str) -> bool:
        return is_public(address) or (self._loopback and is_loopback_host(address))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, whichever way it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _TRANSLATED:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return inside.is_global and not inside.is_multicast
    return found.is_global and not found.is_multicast


def open_file_client(*, loopback: bool = False) -> aiohttp.ClientSession:
    """A client that reaches the internet and nothing of ours; close it when the bot stops.

    Args:
        loopback: It may also speak to this machine, where in local mode and in tests the connector is.
    """
    connector = aiohttp.TCPConnector(limit=10, resolver=PublicOnly(loopback=loopback))
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT, auto_decompress=False
    )


class FileFetcher:
    """Fetches one file at a time, one attempt each."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        tokens: TokenSource,
        service_urls: ServiceUrls,
        *,
        loopback: bool = False,
    ) -> None:
        """Take what a request needs.

        Args:
            client: One of `open_file_client`, with the same `loopback`.
            tokens: The source of the bot's token.
            service_urls: The addresses that may receive it.
            loopback: This machine may be spoken to, without TLS.
        """
        self._client = client
        self._tokens = tokens
        self._service_urls = service_urls
        self._loopback = loopback

    async def fetch(self, source: str) -> bytes:
        """What is in the file at `source`.

        Raises:
            FileLost: It is not to be had: its link has run out or may not be followed, or it is too large.
            DeliveryFailed: Not now; another try is worth it.
        """
        pasted = self._service_urls.allows(source)
        url = _url(source)
        token = await self._token() if pasted else None
        again = token is not None
        for _ in range(_REDIRECTS + 1):
            may_be_asked(url, loopback=self._loopback)
            answer = await self._once(url, token)
            if answer.status == 401 and again:
                again, token = False, await self._token(rejected=token)
                continue
            if answer.to is None:
                return _content(answer, pasted=pasted)
            try:
                url = url.join(URL(answer.to))
            except ValueError:
                raise FileLost("failed") from None
            token, again = None, False  # it was for the first address
        raise FileLost("failed")

    async def _token(self, *, rejected: str | None = None) -> str | None:
        try:
            return await self._tokens.bearer(rejected=rejected)
        except TokenUnavailable as error:
            raise DeliveryFailed(str(error)) from error

    async def _once(self, url: URL, token: str | None) -> "_Answer":
        headers = {"Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with self._client.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in _MOVED:
                    return _Answer(response, to=response.headers.get("Location", ""))
                if response.status != 200:
                    return _Answer(response)
                return _Answer(response, content=await _at_most(response))
        # Whatever went wrong, its words may hold the address.
        except TimeoutError:
            raise DeliveryFailed("the file did not come in time") from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise DeliveryFailed(f"where the file is cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DeliveryFailed(f"the file broke off ({type(error).__name__})") from None


class _Answer:
    """What came back: a status, where to go on, or what is in the file."""

    def __init__(
        self, response: aiohttp.ClientResponse, *, to: str | None = None, content: bytes = b""
    ) -> None:
        self.status = response.status
        self.to = to
        self.content = content
        self.page = response.content_type == "text/html"
        self.named = response.content_disposition is not None
        self.encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        self.wait = seconds(response.headers.get("Retry-After"))


def _content(answer: _Answer, *, pasted: bool) -> bytes:
    """The file, or why it is none.

    Raises:
        FileLost, DeliveryFailed: See `FileFetcher.fetch`.
    """
    status = answer.status
    if status in _PASSING or status >= 500 or (status == 401 and pasted):
        raise DeliveryFailed(f"where the file is says {status}", retry_after=answer.wait)
    if status in _RUN_OUT:
        raise FileLost("expired")
    if status == 413:
        raise FileLost("large")
    if status != 200 or answer.encoded or not answer.content:
        raise FileLost("failed")
    if pasted and media_type(answer.content) == UNKNOWN:
        raise FileLost("failed")  # a pasted picture is a picture
    if answer.page and not answer.named:
        raise FileLost("expired")  # a page to sign in at; a file comes with its name, also when it is a page
    return answer.content


def _url(source: str) -> URL:
    try:
        return URL(source, encoded=True)
    except ValueError:
        raise FileLost("failed") from None


def may_be_asked(url: URL, *, loopback: bool) -> None:
    """Only what may be asked for is asked for: names, with TLS; `loopback`: or this machine.

    Raises:
        FileLost: It may not.
    """
    host = url.host or ""
    if loopback and is_loopback_host(host):
        return
    if url.scheme != "https" or not host or url.port != 443 or url.user or url.password:
        raise FileLost("failed")
    if "." not in host or is_address(host):
        raise FileLost("failed")


def is_address(host: str) -> bool:
    """Whether a host is an IP address in any of the forms that clients understand, and not a name."""
    if ":" in host or host.replace(".", "").isdigit():
        return True
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or last.lower().startswith("0x")


async def _at_most(response: aiohttp.ClientResponse) -> bytes:
    """The body, if it is not too large: counted while it comes, whatever its headers say."""
    if (response.content_length or 0) > LARGEST:
        raise FileLost("large")
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST:
            raise FileLost("large")
    return bytes(body)
