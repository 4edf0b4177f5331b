"""Where files are fetched from, what is sent along, and how it may end; the other side is a real server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.resolver import ThreadedResolver

from bot.errors import DeliveryFailed, FileLost
from bot.files import LARGEST
from bot.teams import files
from bot.teams.files import FileFetcher, PublicOnly, is_public, open_file_client
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import TokenUnavailable

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Tokens:
    """Hands out tokens that can be told apart."""

    def __init__(self) -> None:
        self.given = 0

    async def bearer(self, *, rejected: str | None = None) -> str | None:
        """Another one after each that was rejected."""
        if rejected is not None or not self.given:
            self.given += 1
        return f"token-{self.given}"

    async def close(self) -> None:
        """Nothing runs."""


class There:
    """A server with one answer, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.Request] = []
        self.answers: list[Handler] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The next answer; the last one is given again."""
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    def says(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """One more answer."""

        async def answer(_: web.Request) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(status=status, body=body, headers=named)

        self.answers.append(answer)

    @property
    def tokens(self) -> list[str]:
        """The Authorization header of each request, "" without."""
        return [each.headers.get("Authorization", "") for each in self.asked]


@pytest.fixture
async def there() -> AsyncIterator[There]:
    """The other side."""
    there = There()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", there.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    await runner.cleanup()


@pytest.fixture
async def fetcher(there: There) -> AsyncIterator[FileFetcher]:
    """One that may speak to this machine; below /teams/ it may send the token."""
    async with open_file_client(loopback=True) as client:
        yield FileFetcher(client, Tokens(), ServiceUrls(f"{there.url}/teams/"), loopback=True)


@pytest.fixture
async def strict() -> AsyncIterator[FileFetcher]:
    """One as it is outside of tests."""
    async with open_file_client() as client:
        yield FileFetcher(client, Tokens(), ServiceUrls())


async def lost(fetcher: FileFetcher, source: str) -> str:
    """Why a file is not to be had."""
    with pytest.raises(FileLost) as caught:
        await fetcher.fetch(source)
    assert str(caught.value) == caught.value.why  # and nothing of the address
    return caught.value.why


async def test_a_file_in_onedrive_is_fetched_without_our_token(there: There, fetcher: FileFetcher) -> None:
    """The link itself opens it."""
    there.says(body=b"a log", Content_Type="text/plain")

    assert await fetcher.fetch(f"{there.url}/onedrive/a.txt?tempauth=x%2By") == b"a log"
    assert there.tokens == [""]
    assert there.asked[0].raw_path.endswith("?tempauth=x%2By")  # to the letter: it is signed


async def test_a_pasted_picture_is_fetched_with_it(there: There, fetcher: FileFetcher) -> None:
    """It lies at the connector, which knows us."""
    there.says(body=PNG)

    assert await fetcher.fetch(f"{there.url}/teams/v3/attachments/7/views/original") == PNG
    assert there.tokens == ["Bearer token-1"]


async def test_a_token_that_is_not_taken_is_renewed_once(there: There, fetcher: FileFetcher) -> None:
    """Then it is tried again later: the link is not to blame."""
    there.says(401)
    with pytest.raises(DeliveryFailed, match="401"):
        await fetcher.fetch(f"{there.url}/teams/v3/attachments/7/views/original")

    assert there.tokens == ["Bearer token-1", "Bearer token-2"]


async def test_the_token_does_not_go_where_a_redirect_leads(there: There, fetcher: FileFetcher) -> None:
    """Not even back to an address that may have it."""
    there.says(302, Location=f"{there.url}/teams/v3/elsewhere")
    there.says(body=PNG)

    assert await fetcher.fetch(f"{there.url}/teams/v3/attachments/7/views/original") == PNG
    assert there.tokens == ["Bearer token-1", ""]


async def test_redirects_have_an_end(there: There, fetcher: FileFetcher) -> None:
    """A circle, and one that leads nowhere."""
    there.says(302, Location="/onedrive/again")
    assert await lost(fetcher, f"{there.url}/onedrive/a") == "failed"
    assert len(there.asked) == 4

    there.answers = []
    there.says(302)
    assert await lost(fetcher, f"{there.url}/onedrive/a") == "failed"


@pytest.mark.parametrize(
    "leads_to",
    [
        "http://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://intranet/",
    ],
)
async def test_a_redirect_is_a_stranger_like_any_address(
    there: There, fetcher: FileFetcher, leads_to: str
) -> None:
    """Inside is where nobody gets by way of outside."""
    there.says(302, Location=leads_to)

    assert await lost(fetcher, f"{there.url}/onedrive/a") == "failed"


@pytest.mark.parametrize(
    "source",
    [
        "http://contoso.sharepoint.com/a",
        "https://contoso.sharepoint.com:8443/a",
        "https://user:word@contoso.sharepoint.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://2130706433/a",
        "https://0x7f.0.0.1/a",
        "https://127.1/a",
        "https://localhost/a",
        "https://intranet/a",
        "https://10.0.0.8/a",
        "https://1.1.1.1/a",
        "ftp://contoso.sharepoint.com/a",
        "https:///a",
        "https://[broken",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "",
    ],
)
async def test_only_https_and_only_names_are_asked_for(strict: FileFetcher, source: str) -> None:
    """No address of a machine, no other port, nobody's password, and nothing that is no address at all."""
    assert await lost(strict, source) == "failed"


async def test_a_name_that_leads_inside_leads_nowhere(
    strict: FileFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the address that is looked at, whatever it is called; of one of each the public one is used."""

    def looked_up(addresses: list[str]) -> Callable[..., Awaitable[list[dict[str, object]]]]:
        async def resolve(
            _self: object, host: str, port: int = 0, family: int = 0
        ) -> list[dict[str, object]]:
            return [
                {"hostname": host, "host": each, "port": port, "family": family, "proto": 0, "flags": 0}
                for each in addresses
            ]

        return resolve

    monkeypatch.setattr(ThreadedResolver, "resolve", looked_up(["127.0.0.1", "::ffff:10.0.0.1"]))
    with pytest.raises(DeliveryFailed, match="cannot be reached"):
        await strict.fetch("https://rebound.example.com/a")

    monkeypatch.setattr(ThreadedResolver, "resolve", looked_up(["10.0.0.1", "93.184.215.14"]))
    found = await PublicOnly().resolve("mixed.example.com", 443, socket.AF_INET)
    assert [each["host"] for each in found] == ["93.184.215.14"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("64:ff9b::5db8:d70e", True),
        *(
            (each, False)
            for each in (
                "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1",
                "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "no address",
            )
        ),
    ],
)  # fmt: skip
def test_what_is_inside_is_known_in_every_spelling(address: str, public: bool) -> None:
    """Also where an old address stands in a new one."""
    assert is_public(address) is public


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_link_that_has_run_out_is_told_as_such(
    there: There, fetcher: FileFetcher, status: int
) -> None:
    """There is no use in another try."""
    there.says(status)

    assert await lost(fetcher, f"{there.url}/onedrive/a.png") == "expired"


async def test_a_page_to_sign_in_at_is_no_file(there: There, fetcher: FileFetcher) -> None:
    """Some clouds answer so instead of a 401. A file that is a page comes with its name."""
    there.says(body=b"<html>Sign in", Content_Type="text/html; charset=utf-8")
    assert await lost(fetcher, f"{there.url}/onedrive/a.png") == "expired"

    there.answers = []
    there.says(body=b"<html>", Content_Type="text/html", Content_Disposition='attachment; filename="a.html"')
    assert await fetcher.fetch(f"{there.url}/onedrive/a.html") == b"<html>"


async def test_a_pasted_picture_that_is_none_is_not_taken(there: There, fetcher: FileFetcher) -> None:
    """Whatever its header says; and what is packed is not unpacked."""
    there.says(body=b"MZ\x90", Content_Type="image/png")
    assert await lost(fetcher, f"{there.url}/teams/v3/attachments/7/views/original") == "failed"

    there.answers = []
    there.says(body=b"\x1f\x8b", Content_Encoding="gzip")
    assert await lost(fetcher, f"{there.url}/onedrive/a") == "failed"


async def test_nothing_is_no_file(there: There, fetcher: FileFetcher) -> None:
    """An empty one helps nobody."""
    there.says(body=b"")

    assert await lost(fetcher, f"{there.url}/onedrive/a") == "failed"


async def test_what_is_too_large_is_not_read_to_its_end(there: There, fetcher: FileFetcher) -> None:
    """By what the header says, and where it says nothing by what has come."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)
            sent += 65536

    there.answers.append(endless)
    assert await lost(fetcher, f"{there.url}/onedrive/a") == "large"
    assert sent < 2 * LARGEST

    async def announced(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(LARGEST + 1)})
        await response.prepare(request)
        return response

    there.answers[:] = [announced]
    assert await lost(fetcher, f"{there.url}/onedrive/a") == "large"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_trouble_over_there_is_worth_another_try(
    there: There, fetcher: FileFetcher, status: int
) -> None:
    """As long as they ask for."""
    there.says(status, Retry_After="7")
    with pytest.raises(DeliveryFailed) as caught:
        await fetcher.fetch(f"{there.url}/onedrive/a")

    assert caught.value.retry_after == 7


async def test_slow_or_broken_is_worth_another_try(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that breaks off, one that says nothing, one that nobody takes; no error names the link."""
    link = f"{there.url}/onedrive/a?tempauth=canary"

    async def breaks(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return response

    never = asyncio.Event()

    async def hangs(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    monkeypatch.setattr(files, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    async with open_file_client(loopback=True) as client:
        fetcher = FileFetcher(client, Tokens(), ServiceUrls(), loopback=True)
        for answer in (breaks, hangs):
            there.answers[:] = [answer]
            with pytest.raises(DeliveryFailed) as caught:
                await fetcher.fetch(link)
            assert "canary" not in repr(caught.value)
        with pytest.raises(DeliveryFailed) as caught:
            await fetcher.fetch("http://127.0.0.1:9/a?tempauth=canary")
        assert "canary" not in repr(caught.value)
    never.set()


async def test_without_a_token_a_pasted_picture_waits(there: There) -> None:
    """And a file in OneDrive does not need one."""

    class NoTokens:
        async def bearer(self, *, rejected: str | None = None) -> str | None:  # noqa: ARG002
            raise TokenUnavailable("down")

        async def close(self) -> None:
            """Nothing runs."""

    there.says(body=PNG)
    async with open_file_client(loopback=True) as client:
        fetcher = FileFetcher(client, NoTokens(), ServiceUrls(f"{there.url}/teams/"), loopback=True)
        with pytest.raises(DeliveryFailed):
            await fetcher.fetch(f"{there.url}/teams/v3/attachments/7/views/original")
        assert there.asked == []
        assert await fetcher.fetch(f"{there.url}/onedrive/a.png") == PNG
