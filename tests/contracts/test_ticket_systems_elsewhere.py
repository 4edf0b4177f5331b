"""The promises of `bot.tickets.api.TicketSystem`, over every system that another process keeps.

Roundup and django-helpdesk are the real ones; those of the cloud are played after their vendors' documents.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from bot.tickets.api import File, Ticket, Update
from dialogs.conversation import CaseStatus
from tests.support.helpdesks import (
    django_helpdesk,
    freshservice,
    github,
    jira,
    roundup,
    rt,
    servicenow,
    webhook,
    zammad,
    zendesk,
)
from tests.support.helpdesks.other_side import OtherSide
from tests.support.keeping import case

REAL = {"roundup": roundup.opened, "django-helpdesk": django_helpdesk.opened, "rt": rt.opened}
PLAYED = {
    "freshservice": freshservice.opened,
    "github": github.opened,
    "jira": jira.opened,
    "servicenow": servicenow.opened,
    "webhook": webhook.opened,
    "zammad": zammad.opened,
    "zendesk": zendesk.opened,
}
SYSTEMS = REAL | PLAYED
NUMBER = "HR-7K3F"
HOSTILE = (
    "<script>alert(1)</script> <b>bold</b> &amp; **stars** {{braces}} ${dollar} ' OR 1=1; --",
    "one\r\nX-Header: two\r\n\r\nthree",
    "right to left \u202e\u05d0\u05d1 and a NUL\x00 and an escape \x1b[31m",
    "long " * 20_000,
)


@pytest.fixture(params=[*SYSTEMS.values()], ids=[*SYSTEMS])
async def there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OtherSide]:
    """Each system in turn, with nothing in it."""
    async with request.param(tmp_path_factory.mktemp("system")) as other:
        yield other


def ticket(number: str = NUMBER, body: str = "Codes: AADSTS1000002") -> Ticket:
    """A ticket as the outbox hands it over."""
    return Ticket(key=number, title=f"{number} · SAP, sign-in", body=body, record=case(number))


def update(
    nth: int, body: str, *, public: bool = True, status: CaseStatus | None = None, number: str = NUMBER
) -> Update:
    """An update as the outbox hands it over."""
    return Update(
        key=f"{number}/{nth}", number=number, public=public, author="Erika Mustermann", body=body,
        at=1_800_000_000, status=status,
    )  # fmt: skip


async def file(there: OtherSide, wanted: Ticket) -> str:
    """One attempt, as `bot.handoff` makes it: look the case up, create what is not there."""
    return await there.system.find(wanted.key) or await there.system.create(wanted)


async def until_it_works(attempt: Callable[[], Awaitable[object]]) -> int:
    """Try as the outbox does; how many attempts failed, each with a fate that nobody knows."""
    for failed in range(5):
        try:
            await attempt()
        except DeliveryFailed as error:
            in_doubt = error.unknown
        else:
            return failed
        assert in_doubt
    raise AssertionError("it never worked")


async def test_a_case_is_one_ticket(there: OtherSide) -> None:
    """However often it is tried; and a number that begins like another one's is another case."""
    references = {await file(there, ticket()) for _ in range(2)}
    others = {await file(there, ticket(number)) for number in ("HR-7K3FXYZ", "HR-7K3")}

    assert len(references) == 1
    assert len(references | others) == 3
    assert [await there.count(each) for each in (NUMBER, "HR-7K3FXYZ", "HR-7K3")] == [1, 1, 1]
    assert await there.system.find("HR-2222") is None
    assert "AADSTS1000002" in await there.body(NUMBER)


async def loses_every_answer(there: OtherSide, nth: int, how: str) -> None:
    """The `nth` answer of each of three things is lost; each is there once."""
    number = f"HR-7K3{nth}"
    handover = File(key=f"{number}/2", name="case.json", media_type="application/json", content=b"{}")
    said = update(1, "Erika answers: it is still the same.", status="resolved", number=number)
    there.served.loses(nth, how)
    lost = await until_it_works(lambda: file(there, ticket(number)))
    reference = await file(there, ticket(number))
    there.served.loses(nth, how)
    lost += await until_it_works(lambda: there.system.update(reference, said))
    there.served.loses(nth, how)
    lost += await until_it_works(lambda: there.system.attach(reference, handover))
    there.served.is_well_again()
    await there.system.update(reference, said)
    await there.system.attach(reference, handover)

    assert lost > 0 or nth > 1
    assert await there.count(number) == 1
    texts = [each.text for each in await there.written(number)]
    assert sum("still the same" in each for each in texts) == 1
    assert await there.closed(number)
    assert [*(await there.files(number)).values()] == [b"{}"]


async def test_whatever_answer_gets_lost_there_is_one_ticket_one_comment_one_file(there: OtherSide) -> None:
    """A system may need several requests for one thing: each of their answers is lost once."""
    for nth in range(1, 5):
        await loses_every_answer(there, nth, "drop")


@pytest.mark.parametrize("there", [*PLAYED.values()], ids=[*PLAYED], indirect=True)
async def test_an_answer_that_never_comes_is_a_lost_one(there: OtherSide) -> None:
    """It is our client that gives up, with whatever system; those that are played have its time."""
    await loses_every_answer(there, 1, "hang")


async def test_an_update_is_written_as_who_said_it_and_to_whom(there: OtherSide) -> None:
    """The author and the text are there; what is for the helpdesk only is not for the person."""
    reference = await file(there, ticket())

    await there.system.update(reference, update(1, "It is still the same.\nEvery morning."))
    await there.system.update(reference, update(2, "Do not tell them.", public=False))

    first, second = await there.written(NUMBER)
    assert "Erika Mustermann" in first.text
    assert "It is still the same.\nEvery morning." in first.text.replace("\r\n", "\n")
    assert (first.public, second.public) == ((True, False) if there.hides else (first.public, first.public))


async def test_a_status_of_ours_is_theirs(there: OtherSide) -> None:
    """Closed here is closed there; opened again here is open there; an old update repeated is nothing."""
    reference = await file(there, ticket())
    closed = update(2, "It works now.", status="resolved")

    for each in (update(1, "", status="claimed"), closed):
        await there.system.update(reference, each)
    assert await there.closed(NUMBER)
    await there.system.update(reference, update(3, "It does not.", status="reopened"))
    assert not await there.closed(NUMBER)
    await there.system.update(reference, closed)
    assert not await there.closed(NUMBER)
    await there.system.update(reference, update(4, "", status="waiting"))
    assert not await there.closed(NUMBER)


async def test_a_comment_on_a_closed_ticket_leaves_it_closed(there: OtherSide) -> None:
    """An update without a status changes none, whatever the system does of its own accord."""
    reference = await file(there, ticket())
    await there.system.update(reference, update(1, "It works now.", status="resolved"))

    await there.system.update(reference, update(2, "Thank you!"))

    assert await there.closed(NUMBER)
    assert len(await there.written(NUMBER)) == 2


@pytest.mark.parametrize("text", HOSTILE, ids=["markup", "line breaks", "characters", "length"])
async def test_text_is_data(there: OtherSide, text: str) -> None:
    """Whatever a person writes stays what it is, in the ticket, in a comment and in a name."""
    there_is = text.split("\x00", maxsplit=1)[0].replace("\r\n", "\n").replace("\u202e", "").strip()[:2000]
    wanted = Ticket(key=NUMBER, title=f"{NUMBER} · {text[:60]}", body=text, record=case(NUMBER))

    reference = await file(there, wanted)
    said = Update(key=f"{NUMBER}/1", number=NUMBER, public=True, author=text[:70], body=text, at=1)
    for _ in range(2):
        await there.system.update(reference, said)

    assert await there.system.find(NUMBER) == reference
    assert there_is in (await there.body(NUMBER)).replace("\r\n", "\n")
    [comment] = await there.written(NUMBER)
    assert there_is in comment.text.replace("\r\n", "\n")


async def test_a_file_arrives_as_it_is(there: OtherSide) -> None:
    """Every byte, under a name that leads nowhere."""
    reference = await file(there, ticket())
    content = bytes(range(256)) * 40
    name = '../ä "x"\r\n.json'

    for _ in range(2):
        await there.system.attach(
            reference,
            File(key=f"{NUMBER}/file-1", name=name, media_type="application/octet-stream", content=content),
        )

    [(kept_as, kept)] = (await there.files(NUMBER)).items()
    assert kept == content
    assert "HR-7K3F-file-1" in kept_as
    assert not {"/", '"', "\n"} & {*kept_as}


async def test_what_people_do_there_is_news(there: OtherSide) -> None:
    """A comment, taking it, closing it, opening it again: each once, with who it was and what they wrote."""
    await file(there, ticket())
    assert list(await there.news()) == []

    await there.says(NUMBER, "Which network are you in?", public=True)
    if there.hides:
        await there.says(NUMBER, "Looks like the proxy.", public=False)
    await there.claims(NUMBER)
    told = list(await there.news())
    await there.resolves(NUMBER, "The proxy was it.")
    told += await there.news()
    await there.reopens(NUMBER)
    told += await there.news()

    assert {each.number for each in told} == {NUMBER}
    assert len({each.id for each in told}) == len(told)
    comments = [(each.text, each.public) for each in told if each.kind == "comment"]
    assert ("Which network are you in?", True) in comments
    assert not there.hides or ("Looks like the proxy.", False) in comments
    assert any("The proxy was it." in each.text for each in told)
    kinds = [each.kind for each in told if each.kind != "comment"]
    assert sorted(kinds) == ["claimed", "reopened", "resolved"]
    assert all(each.by for each in told)
    assert list(await there.news()) == []


async def test_what_we_wrote_is_no_news(there: OtherSide) -> None:
    """Our own comments and statuses never come back, also when somebody's stands right beside them."""
    reference = await file(there, ticket())
    await there.news()

    await there.system.update(reference, update(1, "It is still the same."))
    await there.system.update(reference, update(2, "", status="claimed"))
    await there.system.update(reference, update(3, "It works now.", status="resolved"))
    await there.says(NUMBER, "Good to hear.\n\n> Erika Mustermann [HR-7K3F/3]:\n> It works now.", public=True)
    await there.system.attach(
        reference, File(key=f"{NUMBER}/4", name="a.txt", media_type="text/plain", content=b"a")
    )

    told = list(await there.news())
    assert [each.text.split("\n")[0] for each in told if each.kind == "comment"] == ["Good to hear."]
    # A comment opens a closed ticket again in some systems; but nobody of theirs took or closed it.
    assert {each.kind for each in told} <= {"comment", "reopened"}


async def test_tickets_of_others_are_no_news(there: OtherSide) -> None:
    """Nothing is told of a case before its ticket is there, and nothing is raised."""
    assert list(await there.news()) == []
    assert list(await there.news()) == []


async def test_a_system_that_is_down_is_tried_again(there: OtherSide) -> None:
    """Nothing was sent, so nothing is in doubt; the ticket follows."""
    await there.served.down()
    with pytest.raises(DeliveryFailed, match="cannot be reached") as caught:
        await file(there, ticket())
    assert not caught.value.unknown

    await there.served.up()
    assert await file(there, ticket())
    assert await there.count(NUMBER) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_trouble_over_there_is_never_not_there(there: OtherSide, status: int) -> None:
    """In doubt a lookup is no None, which would lead to a second ticket."""
    there.served.answers(status, "overloaded")
    with pytest.raises(DeliveryFailed, match=f"answered {status}"):
        await there.system.find(NUMBER)

    there.served.is_well_again()
    assert await file(there, ticket())


@pytest.mark.parametrize("writes", [False, True])
async def test_a_busy_system_costs_no_try(there: OtherSide, *, writes: bool) -> None:
    """It is well, and says when it has room."""
    there.served.answers(429, "slow down", {"Retry-After": "7"}, writes=writes)

    with pytest.raises(DeliveryPostponed) as caught:
        await file(there, ticket())
    assert caught.value.wait == 7


async def test_who_is_not_known_waits_to_be(there: OtherSide) -> None:
    """Changed credentials can be mended within days: nothing is given up, and it says where to look."""
    there.served.stranger = True

    with pytest.raises(DeliveryFailed, match="handrail doctor") as caught:
        await file(there, ticket())
    assert not caught.value.unknown


async def test_what_is_refused_says_why_and_no_secret(there: OtherSide) -> None:
    """Whoever reads the message learns what the system said, without what must not be known."""
    why = f"no queue for {there.secrets[0]}, sent 'my password is hunter2hunter2'"
    there.served.refuses(why)

    with pytest.raises(DeliveryRefused) as caught:
        await file(there, ticket())
    assert "no queue for" in str(caught.value)
    assert not any(each in str(caught.value) for each in (*there.secrets, "hunter2"))
    assert not any(each in repr(vars(there.system)) for each in there.secrets)


async def test_the_doctor_says_how_it_is(there: OtherSide) -> None:
    """All is well; then we are not known; then nobody is there. Nothing is left behind."""
    assert {each.state for each in await there.system.check()} == {"ok"}
    there.served.stranger = True
    strange = await there.system.check()
    assert "failed" in {each.state for each in strange}
    await there.served.down()
    gone = await there.system.check()
    assert "failed" in {each.state for each in gone}
    for each in (*strange, *gone):
        assert each.state == "ok" or (
            each.remedy and not any(s in each.found + each.remedy for s in there.secrets)
        )


async def test_who_is_asked_for_news_is_sent_none(there: OtherSide) -> None:
    """A message to the door of a system that does not push is nobody's."""
    from bot.errors import Forged

    with pytest.raises(Forged):
        there.system.heard({"X-Hub-Signature-256": "sha256=00", "webhook-id": "x"}, b"{}")
