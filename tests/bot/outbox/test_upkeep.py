"""The operator's work on the outbox: who is told, who is woken, and what is never shown."""

import msgspec
from structlog.testing import capture_logs

from bot.outbox.ending import Follow
from bot.outbox.entry import Entry, entry_of
from bot.outbox.upkeep import Upkeep
from bot.store.api import Message
from bot.store.sqlite import SqliteStore
from dialogs.effects import Prompt, Show
from dialogs.text import Text
from tests.support.keeping import NOW, Clock, claim, counting, send, settle, to_send
from tests.support.post import Post, over, state_of, turns_of

SHOWN = Show(prompt=Prompt(id="7", say=Text("bot/resolved", {"note": "my mother's maiden name"})))


async def nobody(_message: Message) -> Follow | None:
    """Nobody waits for it."""
    return None


def message(kind: str, body: bytes, error: str = "") -> Message:
    """A dead message as the store gives it."""
    return Message(
        id=1, key="k", lane="l", kind=kind, conversation="teams:t:a:chat", body=body,
        attempt=3, created_at=NOW, state="dead", error=error,
    )  # fmt: skip


async def test_a_retried_message_goes_out_at_once(store: SqliteStore, clock: Clock) -> None:
    """The dispatcher is woken, and its schedule begins anew."""
    await send(store, to_send("m"))
    post, woken = Post(None), []
    (held,) = await claim(store)
    await settle(store, held, "dead", error="400")
    desk = Upkeep(store, nobody, wake=lambda: woken.append("!"))

    done = await desk.retry("m")
    await over(store, clock, post).drain()

    assert (done.result, woken, post.sent) == ("retried", ["!"], ["m"])
    assert await state_of(store, "m") == ("done", "")


async def test_whoever_hears_of_a_drop_hears_once(store: SqliteStore) -> None:
    """The turn is in the commit of the drop, its listener is told, and what stood behind may go."""
    await send(store, to_send("m"), to_send("next"))
    heard: list[str] = []

    async def buried(message: Message) -> Follow:
        heard.append(message.error)
        return Follow(conversation="c", event_id="gone", decide=counting())

    told: list[str] = []
    desk = Upkeep(store, buried, changed=told.append, clock=lambda: NOW)

    first, second = await desk.drop("m", "sent by hand"), await desk.drop("m", "again")

    assert (first.result, second.result) == ("dropped", "done")
    assert heard == ["dropped by an operator on 2027-01-15 08:00 UTC: sent by hand"]
    assert (told, await turns_of(store, "c")) == (["c"], 2)
    assert [each.key for each in await claim(store)] == ["next"]


async def test_a_drop_that_comes_too_late_says_so(store: SqliteStore) -> None:
    """Between the look and the drop somebody claimed it: nothing is told to anybody, and it is on its way."""
    await send(store, to_send("m"))

    async def buried(_message: Message) -> Follow:
        await claim(store)
        return Follow(conversation="c", event_id="gone", decide=counting())

    done = await Upkeep(store, buried).drop("m", "x")

    assert done.result == "on its way"
    assert await turns_of(store, "c") == 1


async def test_a_drop_that_comes_too_late_says_so_also_when_nobody_waits(store: SqliteStore) -> None:
    """A screen that was claimed meanwhile is on its way and may be shown."""
    await send(store, to_send("m"))

    async def buried(_message: Message) -> Follow | None:
        await claim(store)
        return None

    done = await Upkeep(store, buried).drop("m", "x")

    assert done.result == "on its way"
    assert (await state_of(store, "m"))[0] == "leased"


async def test_what_cannot_be_read_can_be_dropped(store: SqliteStore) -> None:
    """Nobody can be told, so the log says that, and what to do."""
    await send(store, to_send("m"))

    async def buried(_message: Message) -> Follow | None:
        raise msgspec.DecodeError("no JSON")

    with capture_logs() as logs:
        done = await Upkeep(store, buried).drop("m", "x")

    assert done.result == "dropped"
    (line,) = [each for each in logs if each["event"] == "nobody_heard_of_it"]
    assert line["what_to_do"]


def test_an_entry_holds_names_and_numbers_and_no_words() -> None:
    """The screen that was shown is named; what it said is not, nor what anybody wrote."""
    entry = entry_of(message("show", msgspec.json.encode(SHOWN)))

    assert entry.facts == {"prompt": "7", "text": "bot/resolved"}
    assert b"maiden" not in msgspec.json.encode(entry)


def test_a_secret_in_a_reason_is_cut() -> None:
    """The other side may have quoted one."""
    entry = entry_of(
        message("show", b"{", error="Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIx.c2ln\nx")
    )

    assert "eyJ" not in entry.wrong
    assert "\n" not in entry.wrong
    assert not entry.readable


def test_any_bytes_make_an_entry() -> None:
    """A body of any kind that is not what it should be is said to be unreadable, whatever it is."""
    for kind in (
        "show",
        "retire",
        "probe",
        "ticket",
        "handoff",
        "handoff-update",
        "handoff-call",
        "handoff-copy",
        "hologram",
    ):
        for body in (b"", b"[" * 5000, b"\xff", b"{}", b"null", b'{"effect":"show","prompt":1}'):
            entry = entry_of(message(kind, body))
            assert isinstance(entry, Entry)
            assert not entry.readable
