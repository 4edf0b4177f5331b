"""The chat page's door: what it lets in, once, and what it says to everything else."""

import asyncio
import functools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.web import intake
from bot.web.pace import Pace
from tests.support.pages import PASTED, Pages, Visitor, serving


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def person(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody who has opened the page."""
    async with Visitor(pages) as someone:
        yield someone


async def test_the_page_needs_nothing_from_elsewhere(pages: Pages, person: Visitor) -> None:
    """Scripts and styles come from here, are found, and may be kept for ever."""
    async with person.http.get("/") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert "http" not in page.replace("http-equiv", "")
    addresses = [part.partition('"')[0] for part in page.split('="') if part.startswith("/static/")]
    assert len(addresses) >= 5
    for address in addresses:
        async with person.http.get(address) as answer:
            assert answer.status == 200, address
            assert "immutable" in answer.headers["Cache-Control"]


async def test_no_script_or_style_is_inline(person: Visitor) -> None:
    """The strict policy holds: nothing inline that it would block."""
    async with person.http.get("/") as answer:
        page = await answer.text()
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


async def test_without_a_script_the_page_says_what_it_needs(person: Visitor) -> None:
    """No blank page: a sentence in its language."""
    async with person.http.get("/", headers={"Accept-Language": "de"}) as answer:
        page = await answer.text()
    assert "braucht JavaScript" in page.partition("<noscript>")[2].partition("</noscript>")[0]


async def test_a_stale_asset_address_is_not_answered_with_new_content(person: Visitor) -> None:
    """An address names its content: another version is not here."""
    async with person.http.get("/static/000000000000/chat.js") as answer:
        assert answer.status == 404


async def test_the_cookie_is_random_and_out_of_reach(pages: Pages) -> None:
    """Two visitors get two unguessable ids that no script and no other site can use."""
    async with Visitor(pages) as one, Visitor(pages) as two:
        first, second = (next(iter(each.http.cookie_jar)) for each in (one, two))
        assert first.value != second.value
        assert len(bytes.fromhex(first.value)) == 16
        assert first["httponly"]
        assert first["samesite"] == "Strict"
        assert first["path"] == "/"


async def test_the_cookie_never_stands_in_the_store(person: Visitor) -> None:
    """The key of the conversation names it and does not open it."""
    cookie = next(iter(person.http.cookie_jar)).value
    assert person.key.startswith("web:")
    assert cookie not in person.key


async def test_a_sentence_is_taken_and_answered(person: Visitor) -> None:
    """A pasted message begins the guide for its code."""
    await person.look()
    assert await person.say(PASTED) == (200, {"taken": True, "repeat": False})
    heard = await person.look()
    assert heard.said[-2] == PASTED
    assert heard.screen["progress"]["step"] == 1
    assert heard.screen["ask"]["kind"] == "choices"


async def test_the_same_event_twice_is_one(person: Visitor) -> None:
    """A page that did not get the answer sends again; nothing happens twice."""
    await person.look()
    event_id = str(uuid4())
    assert (await person.say("AADSTS1000002", event_id))[1]["repeat"] is False
    assert (await person.say("AADSTS1000002", event_id))[1]["repeat"] is True
    assert (await person.look()).said.count("AADSTS1000002") == 1


async def test_many_tries_at_the_same_time_are_one(person: Visitor) -> None:
    """Ten copies of one event that arrive together are one event."""
    await person.look()
    event_id = str(uuid4())
    answers = await asyncio.gather(*(person.say("AADSTS1000002", event_id) for _ in range(10)))
    assert [answer[0] for answer in answers] == [200] * 10
    assert sum(not answer[1]["repeat"] for answer in answers) == 1


async def test_secrets_are_cut_before_they_are_kept(pages: Pages, person: Visitor) -> None:
    """A typed password is neither in the store nor on the page."""
    await person.look()
    await person.say("my password is Sommer2026!x and it fails")
    heard = await person.look()
    assert not any("Sommer2026" in each for each in heard.said)
    assert b"Sommer2026" not in b"".join(line.body for line in await pages.store.lines(person.key))


async def test_nobody_vouches_for_a_visitor(pages: Pages, person: Visitor) -> None:
    """The address says web, not verified, and takes only a time zone that exists."""
    await person.look()
    await person.post({"id": str(uuid4()), "kind": "said", "text": "hello", "zone": "../../etc/passwd"})
    stored = await pages.store.conversation(person.key)
    assert stored[1].surface == "web"
    assert stored[1].person.verified is False
    assert stored[1].zone == ""
    await person.post({"id": str(uuid4()), "kind": "said", "text": "hello", "zone": "Europe/Berlin"})
    stored = await pages.store.conversation(person.key)
    assert stored[1].zone == "Europe/Berlin"


async def test_while_the_store_is_away_nothing_is_taken_and_nothing_is_lost(
    pages: Pages, person: Visitor
) -> None:
    """503 says: send it again. The same event is taken once the store is back."""
    await person.look()
    event_id = str(uuid4())
    pages.store.away = True
    status, body = await person.say("AADSTS1000002", event_id)
    assert (status, body["error"]["code"]) == (503, "store")
    assert "hunter2" not in str(body)
    pages.store.away = False
    assert (await person.say("AADSTS1000002", event_id))[0] == 200
    assert (await person.look()).said.count("AADSTS1000002") == 1


async def test_the_page_opens_even_while_the_store_is_away(pages: Pages, person: Visitor) -> None:
    """The page comes and keeps trying; only the stream says that it has to."""
    pages.store.away = True
    async with person.http.get("/") as answer:
        assert answer.status == 200
    async with person.http.get("/chat/stream") as answer:
        assert answer.status == 503


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Origin": "http://evil.example"}, 403, "foreign"),
        ({"Origin": "null"}, 403, "foreign"),
        ({"Origin": ""}, 403, "foreign"),
        ({"X-Handrail": ""}, 403, "foreign"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "foreign"),
        ({"Cookie": "handrail_visitor=../../x"}, 403, "no-visitor"),
        ({"Content-Type": "text/plain"}, 415, "type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "type"),
    ],
)
async def test_what_is_not_our_page_is_refused(
    pages: Pages, change: dict[str, Any], status: int, code: str
) -> None:
    """Another site, a plain form, a made-up cookie: refused with a word for programs and one for people."""
    async with Visitor(pages) as person:
        body = {"id": str(uuid4()), "kind": "said", "text": "hello"}
        if "Cookie" in change:
            person.http.cookie_jar.clear()
        answered, said = await person.post(body, **change)
        assert (answered, said["error"]["code"]) == (status, code)
        assert said["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"kind":"said","text":"no id"}',
        b'{"id":"not-a-uuid","kind":"said","text":"x"}',
        b'{"id":"3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90","kind":"resolved","text":"x"}',
        b'{"id":"3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90","kind":"said","text":7}',
        b'{"id":"3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90","kind":"said","text":"x","at":1}',
        b'{"id":"3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90","kind":"commanded","command":"rm"}',
        b'{"id":"3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90","kind":"chose","prompt":"1","options":"x"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_a_malformed_body_is_a_400_that_says_what_is_wrong(person: Visitor, body: bytes) -> None:
    """Nothing but the four kinds of event, exactly as they are, gets in."""
    status, said = await person.post(None, raw=body)
    assert (status, said["error"]["code"]) == (400, "malformed")


async def test_a_body_that_is_too_large_is_a_413(person: Visitor) -> None:
    """256 KiB is the limit, whether or not the length was announced."""
    huge = b'{"text":"' + b"x" * intake.LARGEST + b'"}'
    status, said = await person.post(None, raw=huge)
    assert (status, said["error"]["code"]) == (413, "size")

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 32 * 1024

    status, said = await person.post(None, raw=trickle())  # type: ignore[arg-type]  # aiohttp sends it in chunks
    assert (status, said["error"]["code"]) == (413, "size")


async def test_a_long_paste_is_fine(person: Visitor) -> None:
    """Ten thousand characters and more are an ordinary message."""
    await person.look()
    assert (await person.say("AADSTS1000002 " + "wörter und zeichen 🙂 " * 1000))[0] == 200


async def test_odd_characters_come_back_or_are_left_out(person: Visitor) -> None:
    """NUL is left out, HTML and right-to-left text come back as they are, half a character is refused."""
    await person.look()
    assert (await person.say("a\0<b>\u05e9\u05dc"))[0] == 200
    assert (await person.look()).said[-2] == "a<b>\u05e9\u05dc"
    assert (await person.say("\ud800"))[0] == 400


async def test_one_who_sends_very_much_is_slowed_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst far beyond typing gets a 429 with a time; another person is served."""
    monkeypatch.setattr("bot.web.chat.Pace", functools.partial(Pace, clock=lambda: 0.0))
    async with serving(tmp_path) as pages, Visitor(pages) as person, Visitor(pages) as other:
        answers = [(await person.post({}))[0] for _ in range(60)]
        assert answers == [400] * 40 + [429] * 20
        assert (await other.say("hello"))[0] == 200


def test_a_bucket_refills_with_time() -> None:
    """After the pause it names, a visitor may go on."""
    now = [0.0]
    pace = Pace(at_once=2, a_second=0.5, clock=lambda: now[0])
    assert [pace.wait("a"), pace.wait("a")] == [0, 0]
    pause = pace.wait("a")
    assert pause == 2
    now[0] += pause
    assert pace.wait("a") == 0


async def test_the_page_speaks_what_the_browser_asks_for(pages: Pages) -> None:
    """At first the page is in the browser's language, afterwards in the conversation's."""
    async with Visitor(pages, headers={"Accept-Language": "fr;q=0.9, de-AT;q=0.8, en;q=0.5"}) as person:
        async with person.http.get("/") as answer:
            assert '<html lang="de"' in await answer.text()
        await person.command("language", "en")
        async with person.http.get("/") as answer:
            assert '<html lang="en"' in await answer.text()


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1"}]
)
@pytest.mark.parametrize("path", ["/", "/chat/stream", "/helpdesk", "/helpdesk/cases/HR-7K3F", "/static/x/y"])
async def test_only_this_machine_by_its_own_name_gets_in(
    person: Visitor, path: str, headers: dict[str, str]
) -> None:
    """A browser tricked by DNS, and a proxy that opens the page to a network, get a 403 on every page."""
    async with person.http.get(path, headers=headers) as answer:
        assert answer.status == 403
        assert "Set-Cookie" not in answer.headers


async def test_outside_local_mode_there_is_no_page(tmp_path: Path) -> None:
    """With an app id the pages do not exist; health does."""
    environ = {
        "MicrosoftAppId": "11111111-2222-3333-4444-555555555555",
        "MicrosoftAppPassword": "not~a.real-one_but-8Q~long-enough",
        "MicrosoftAppType": "SingleTenant",
        "MicrosoftAppTenantId": "11111111-2222-3333-4444-555555555556",
        "HANDRAIL_HELPDESK_CHANNEL": "19:helpdesk@thread.tacv2",
    }
    async with serving(tmp_path, **environ) as pages:
        assert not pages.settings.local
        person = Visitor(pages)
        for path, status in (("/", 404), ("/helpdesk", 404), ("/chat/stream", 404), ("/healthz", 200)):
            async with person.http.get(path) as answer:
                assert answer.status == status, path
        await person.http.close()


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300) | _JSON)
def test_reading_never_fails_but_with_its_own_word(body: Any) -> None:
    """Whatever arrives is an event or a NotUnderstood, and nothing else."""
    import msgspec

    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    try:
        sent = intake.read(raw)
    except intake.NotUnderstood:
        return
    intake.as_event(sent, 0)
