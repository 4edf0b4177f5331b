"""What is believed of what comes in, and what is asked again: the door's signatures, the watcher's cursor."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged, StoreUnavailable
from bot.secret import Secret
from bot.ticket_news import event_of
from bot.tickets.api import Change, Changes
from bot.tickets.github import GitHubTickets
from bot.tickets.http import open_client
from bot.tickets.watch import Watch
from bot.tickets.webhook import WebhookTickets
from dialogs.events import CaseAsked, CaseClaimed, CaseNoted, CaseReopened, CaseResolved
from tests.support.helpdesks.webhook import SECRET, signed
from tests.support.tickets import Silent

NOW = 1_800_000_000
TOLD = {
    "timestamp": "2027-01-15T08:00:00Z",
    "data": {"key": "HR-7K3F", "by": "Ada", "text": "?", "public": True},
}
COMMENT = json.dumps({"type": "ticket.commented", **TOLD}).encode()


@pytest.fixture
async def webhook() -> AsyncIterator[WebhookTickets]:
    """Ours, at a fixed time."""
    async with open_client() as client:
        yield WebhookTickets(client, "http://127.0.0.1:9/cases", Secret(SECRET), clock=lambda: NOW)


@pytest.fixture
async def github() -> AsyncIterator[GitHubTickets]:
    """Ours, with the secret of a webhook."""
    async with open_client() as client:
        yield GitHubTickets(
            client, "http://127.0.0.1:9", "bot", Secret("t"), "a/b", secret=Secret("hub-canary")
        )


def change(nth: int, **changed: Any) -> Change:
    """Something that happened."""
    fields: dict[str, Any] = {
        "id": f"c/{nth}", "number": "HR-7K3F", "kind": "comment", "by": "Ada", "text": "?", "public": True,
        "at": 1,
    }  # fmt: skip
    return Change(**{**fields, **changed})


# ---- signatures


def test_a_message_that_is_signed_is_heard(webhook: WebhookTickets) -> None:
    """Also beside a signature of a secret to come, and with headers in any case."""
    headers = signed("m1", NOW, COMMENT)
    headers["webhook-signature"] = f"v1,bm8= v1a,bm8= {headers['webhook-signature']}"

    [heard] = webhook.heard({name.title(): value for name, value in headers.items()}, COMMENT)

    assert (heard.id, heard.number, heard.kind, heard.by) == ("m1", "HR-7K3F", "comment", "Ada")
    assert heard.at == int(dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "m2"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": f"0{NOW}"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,äöü"},
        {"webhook-signature": "v2," + signed("m1", NOW, COMMENT)["webhook-signature"][3:]},
    ],
)
def test_a_message_that_was_changed_is_forged(webhook: WebhookTickets, changed: dict[str, str]) -> None:
    """Whatever of it was changed, or is missing."""
    with pytest.raises(Forged):
        webhook.heard({**signed("m1", NOW, COMMENT), **changed}, COMMENT)
    with pytest.raises(Forged):
        webhook.heard(signed("m1", NOW, COMMENT), COMMENT + b" ")
    with pytest.raises(Forged):
        webhook.heard({}, b"")


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301, 0])
def test_an_old_message_is_forged(webhook: WebhookTickets, at: int) -> None:
    """Who recorded one cannot bring it tomorrow."""
    with pytest.raises(Forged, match="old"):
        webhook.heard(signed("m1", at, COMMENT), COMMENT)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b"[" * 100_000, COMMENT.replace(b"ticket.commented", b"ticket.exploded"),
     COMMENT.replace(b"08:00:00Z", b"08:00:00"), COMMENT.replace(b"HR-7K3F", b"\xff")],
)  # fmt: skip
def test_signed_nonsense_is_refused_too(webhook: WebhookTickets, body: bytes) -> None:
    """Nothing of it gets further, and nothing of it is repeated in the message."""
    with pytest.raises(Forged, match="none of the messages"):
        webhook.heard(signed("m1", NOW, body), body)


def test_what_comes_of_an_update_of_ours_is_no_news(webhook: WebhookTickets) -> None:
    """A receiver says so, or the text does."""
    for data in ({"update": "HR-7K3F/4"}, {"text": "Erika [HR-7K3F/4]:\n\nhello"}):
        body = json.dumps({"type": "ticket.commented", **TOLD, "data": {"key": "HR-7K3F", **data}}).encode()
        assert webhook.heard(signed("m1", NOW, body), body) == ()


def test_github_is_believed_by_its_signature_only(github: GitHubTickets) -> None:
    """SHA-256 over the whole body, with our secret; an event that we do not know is nothing."""
    body = b'{"zen": "Design for failure."}'
    right = "sha256=" + hmac.new(b"hub-canary", body, hashlib.sha256).hexdigest()

    assert github.heard({"x-hub-signature-256": right, "x-github-event": "ping"}, body) == ()
    for wrong in ("", "sha256=", right.upper(), right.replace("sha256", "sha1"), right[:-1], f"{right} "):
        with pytest.raises(Forged) as caught:
            github.heard({"X-Hub-Signature-256": wrong, "X-GitHub-Event": "ping"}, body)
        assert "canary" not in str(caught.value)
    with pytest.raises(Forged, match="none of GitHub's"):
        github.heard({"x-hub-signature-256": right, "x-github-event": "issue_comment"}, body)


async def test_without_a_secret_nobody_is_believed() -> None:
    """An empty secret is none, also for who signs with an empty one."""
    body = b"{}"
    right = "sha256=" + hmac.new(b"", body, hashlib.sha256).hexdigest()
    async with open_client() as client:
        system = GitHubTickets(client, "http://127.0.0.1:9", "bot", Secret("t"), "a/b")
        with pytest.raises(Forged, match="HANDRAIL_TICKETS_SECRET"):
            system.heard({"X-Hub-Signature-256": right, "X-GitHub-Event": "issues"}, body)


async def test_an_issue_of_somebody_else_is_no_case() -> None:
    """Whoever may open issues could write our marker into one."""
    marked = {"number": 1, "body": "<!-- handrail:HR-7K3F -->\n"}
    comment = {"id": 7, "body": "?", "user": {"login": "ada"}, "created_at": "2027-01-15T08:00:00Z"}
    secret = base64.b64encode(b"hub").decode()
    async with open_client() as client:
        system = GitHubTickets(client, "http://127.0.0.1:9", "bot", Secret("t"), "a/b", secret=Secret(secret))
        for who, heard in (("mallory", 0), ("bot", 1)):
            issue = {**marked, "user": {"login": who}}
            news = {"action": "created", "issue": issue, "comment": comment, "sender": {"login": "ada"}}
            body = json.dumps(news).encode()
            right = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            found = system.heard({"X-Hub-Signature-256": right, "X-GitHub-Event": "issue_comment"}, body)
            assert len(found) == heard


# ---- from a change to an event


def test_a_change_is_an_event_of_the_case() -> None:
    """What the person may read reaches them, what is for the helpdesk does not."""
    common: Any = {"at": NOW, "number": "HR-7K3F", "by": "Ada", "there": True}

    assert event_of(change(1), NOW) == CaseAsked(**common, text="?")
    assert event_of(change(1, public=False), NOW) == CaseNoted(**common, text="?")
    assert event_of(change(1, kind="claimed"), NOW) == CaseClaimed(**common)
    assert event_of(change(1, kind="resolved"), NOW) == CaseResolved(**common, note="?")
    assert event_of(change(1, kind="reopened"), NOW) == CaseReopened(**common, note="?")


def test_what_people_write_there_is_cut_to_what_can_be_shown() -> None:
    """No control characters, one line for a name, and not 100 kB."""
    event = event_of(change(1, by="Ada\r\nEve\u202e" + "x" * 500, text="a\x00b\r\n" + "y" * 100_000), NOW)

    assert isinstance(event, CaseAsked)
    assert event.by.startswith("Ada Evex")
    assert len(event.by) <= 80
    assert event.text.startswith("ab\ny")
    assert len(event.text) <= 4000
    assert event_of(change(1, by=""), NOW).by == "?"  # type: ignore[union-attr]


# ---- the watcher


class Telling(Silent):
    """A system with one more change at every look."""

    name = "telling"
    polled = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.trouble: list[Exception] = []

    async def changes(self, since: str) -> Changes:  # type: ignore[explicit-override]
        """Number 1 and on; the cursor is the number."""
        self.asked.append(since)
        if self.trouble:
            raise self.trouble.pop(0)
        nth = int(since or 0)
        return Changes(cursor=str(nth + 1), found=(change(nth),) if since else ())


class Kept:
    """Cursors in memory."""

    def __init__(self) -> None:
        self.value: dict[str, str] = {}
        self.held = False

    async def cursor(self, source: str, *, lease: float) -> str | None:
        """For one at a time."""
        assert lease > 60
        if self.held:
            return None
        self.held = True
        return self.value.get(source, "")

    async def move_cursor(self, source: str, value: str) -> None:
        """Kept."""
        self.held = False
        self.value[source] = value


def watched(told: list[str]) -> tuple[Telling, Kept, Watch]:
    """A system, its cursor, and who looks."""
    system, kept = Telling(), Kept()

    async def tell(each: Change) -> None:
        if each.id in told:
            raise StoreUnavailable("the disk is full")
        told.append(each.id)

    return system, kept, Watch(system, kept, tell, every=0.001)


async def test_news_goes_on_where_it_was() -> None:
    """The first look tells nothing; each later one goes on behind the last."""
    told: list[str] = []
    system, kept, watch = watched(told)

    for _ in range(3):
        await watch.look()

    assert system.asked == ["", "1", "2"]
    assert told == ["c/1", "c/2"]
    assert kept.value == {"tickets/telling": "3"}


async def test_what_could_not_be_kept_is_told_again() -> None:
    """The cursor stays where it was, and the next look may begin at once."""
    told = ["c/1"]
    system, kept, watch = watched(told)
    await watch.look()

    with pytest.raises(StoreUnavailable):
        await watch.look()
    assert kept.value == {"tickets/telling": "1"}
    told.clear()
    await watch.look()

    assert told == ["c/1"]
    assert system.asked == ["", "1", "1"]


async def test_while_another_replica_asks_nobody_else_does() -> None:
    """One asks for all."""
    system, kept, watch = watched([])
    kept.held = True

    assert await watch.look() == 0
    assert system.asked == []


async def test_nothing_that_goes_wrong_ends_the_watch() -> None:
    """A system that is down, one that is busy, an error that nobody thought of: it goes on."""
    told: list[str] = []
    system, _, watch = watched(told)
    system.trouble = [DeliveryFailed("down"), DeliveryPostponed("busy", 0.001), ValueError("a surprise")]

    running = asyncio.create_task(watch.run())
    while len(told) < 2:  # noqa: ASYNC110  each turn of the loop is one look
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert told[:2] == ["c/1", "c/2"]
