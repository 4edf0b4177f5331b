"""What the helpdesk's board asks of every store: cases by what they are about, and who is signed in."""

from collections.abc import Sequence

import msgspec
import pytest

from bot.address import Person
from bot.store.api import CaseChange, CaseRecord, CaseSearch, Store
from bot.store.sessions import AgentSession
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity
from tests.support.keeping import NOW, OpenStore, case, changing, opening

ANY: tuple[CaseStatus, ...] = ("open", "claimed", "resolved", "waiting")


def about(
    number: str, *, name: str = "Erika Mustermann", status: CaseStatus = "open", **file: object
) -> CaseRecord:
    """A case with something of its own in it."""
    at = file.pop("at", 100)
    assert isinstance(at, int)
    made = case(number, at=at, status=status)
    severity = msgspec.convert(file.get("severity", "normal"), Severity)
    return msgspec.structs.replace(
        made,
        severity=severity,
        person=Person(name=name, object_id="0b5e", verified=True),
        file=msgspec.structs.replace(made.file, **file),
    )


async def keep(store: Store, *records: CaseRecord) -> None:
    """Open cases."""
    await store.turn("c", f"open {records[0].number}", opening(*records))


def numbers(found: Sequence[CaseRecord]) -> list[str]:
    """Which they are, in order."""
    return [each.number for each in found]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["HR-4", "HR-3", "HR-2", "HR-1"]),
        ({"statuses": ("open",)}, ["HR-3", "HR-1"]),
        ({"statuses": ()}, []),
        ({"queue": "security"}, ["HR-2"]),
        ({"severity": "urgent"}, ["HR-2"]),
        ({"severity": "normal", "code": 53003}, ["HR-4", "HR-1"]),
        ({"language": "fr"}, ["HR-3"]),
        ({"code": 53003}, ["HR-4", "HR-1"]),
        ({"code": 5300}, []),
        ({"words": "hr-3"}, ["HR-3"]),
        ({"words": "ÖZDEMIR"}, ["HR-2"]),
        ({"words": "özde"}, ["HR-2"]),
        ({"words": "erika"}, ["HR-4", "HR-1"]),
        ({"words": "4711"}, ["HR-3"]),
        ({"words": "%"}, []),
        ({"words": "_"}, []),
        ({"words": "\\"}, []),
        ({"words": "'; DROP TABLE cases; --"}, []),
        ({"words": "erika", "statuses": ("resolved",), "code": 1000002}, ["HR-4"]),
        ({"oldest_first": True, "limit": 3}, ["HR-1", "HR-2", "HR-3"]),
    ],
)
async def test_cases_are_found_by_what_they_are_about(
    store: Store, wanted: dict[str, object], found: list[str]
) -> None:
    """Status, queue, language, code and words, each and together; signs of a pattern are signs."""
    await keep(
        store,
        about("HR-1", at=100),
        about(
            "HR-2",
            at=200,
            name="Kim Özdemir",
            status="claimed",
            queue="security",
            codes=(),
            severity="urgent",
        ),
        about("HR-3", at=300, name="", contact="Jo, extension 4711", language="fr", codes=(50076,)),
        about("HR-4", at=300, status="resolved"),
    )

    search = msgspec.convert({"statuses": ANY, **wanted}, CaseSearch)
    assert numbers(await store.find_cases(search)) == found


async def test_who_works_on_it_and_the_tickets_number_are_found_as_they_are_now(store: Store) -> None:
    """They change after a case was opened."""
    await keep(store, about("HR-1", at=100), about("HR-2", at=200))
    await store.turn(
        "c",
        "n1",
        changing(CaseChange(number="HR-1", at=1, status="claimed", by="Kim Özdemir", owner="Kim Özdemir")),
    )
    await store.turn("c", "n2", changing(CaseChange(number="HR-2", at=2, reference="INC0042")))

    assert numbers(await store.find_cases(CaseSearch(statuses=ANY, by="Kim Özdemir"))) == ["HR-1"]
    assert numbers(await store.find_cases(CaseSearch(statuses=ANY, by="Kim"))) == []
    assert numbers(await store.find_cases(CaseSearch(statuses=ANY, words="inc0042"))) == ["HR-2"]


async def test_the_severity_of_a_case_is_the_one_it_was_given_last(store: Store) -> None:
    """The file keeps the one it was opened with; other news change neither."""
    await keep(store, about("HR-1", at=100, severity="urgent"), about("HR-2", at=200))
    news = (
        CaseChange(number="HR-1", at=1, what="normal", by="Ben", severity="normal"),
        CaseChange(number="HR-2", at=2, what="urgent", by="Ben", severity="urgent"),
        CaseChange(number="HR-2", at=3, what="noted", by="Ben", note="Call them"),
    )
    await store.turn("c", "n", changing(*news))

    calmed, pressing = await store.case("HR-1"), await store.case("HR-2")
    assert calmed is not None
    assert pressing is not None
    assert (calmed.severity, calmed.file.severity) == ("normal", "urgent")
    assert (pressing.severity, pressing.file.severity) == ("urgent", "normal")
    assert [entry.what for entry in pressing.log[-2:]] == ["urgent", "noted"]
    assert numbers(await store.find_cases(CaseSearch(statuses=ANY, severity="urgent"))) == ["HR-2"]


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_page_by_page_every_case_comes_once(store: Store, oldest_first: bool) -> None:
    """Many were opened in the same second, and in different statuses; no page repeats or leaves out."""
    records = [about(f"HR-{n:03}", at=n // 7, status=ANY[n % 4]) for n in range(50)]
    await keep(store, *records)

    seen: list[str] = []
    after: tuple[int, str] | None = None
    while page := await store.find_cases(
        CaseSearch(statuses=ANY, limit=9, after=after, oldest_first=oldest_first)
    ):
        seen += numbers(page)
        after = (page[-1].opened_at, page[-1].number)

    assert seen == sorted(numbers(records), reverse=not oldest_first)


async def test_a_found_case_has_its_log(store: Store) -> None:
    """It is the whole record, as one gets it by its number."""
    await keep(store, about("HR-1"))
    await store.turn("c", "n", changing(CaseChange(number="HR-1", at=101, status="claimed", by="Ben")))

    assert await store.find_cases(CaseSearch(statuses=ANY)) == [await store.case("HR-1")]


async def test_every_change_makes_another_version(store: Store) -> None:
    """A new case, news of it, and two pieces of news in the same second; nothing else."""
    versions = [await store.cases_version()]
    await keep(store, about("HR-1", at=100))
    versions.append(await store.cases_version())
    for n in range(2):
        await store.turn("c", f"n{n}", changing(CaseChange(number="HR-1", at=100, note="news")))
        versions.append(await store.cases_version())

    assert len(set(versions)) == 4
    assert await store.cases_version() == versions[-1]


# ---- who is signed in

KIM = AgentSession(id="i1", sign_in="s1", name="Kim Özdemir", object_id="0b5e", expires_at=NOW + 60)


async def test_a_session_is_there_until_it_is_ended(store: Store) -> None:
    """Whole and equal, in every replica; ended it is gone, and ending it twice is no harm."""
    assert await store.session("i1") is None
    assert await store.open_session(KIM, now=NOW)
    assert await store.session("i1") == KIM

    await store.end_session("i1")
    await store.end_session("i1")
    assert await store.session("i1") is None


async def test_a_sign_in_opens_one_session(store: Store) -> None:
    """Shown again it opens none, neither beside the first nor after the sign-out."""
    again = msgspec.structs.replace(KIM, id="i2")
    assert await store.open_session(KIM, now=NOW)

    assert not await store.open_session(again, now=NOW)
    await store.end_session("i1")
    assert not await store.open_session(again, now=NOW)
    assert await store.session("i2") is None


async def test_who_is_signed_in_is_named_once(store: Store) -> None:
    """Whatever number of browsers they use; who has left or run out is not."""
    for n, (name, left) in enumerate([("Robin", 60), ("Kim", 60), ("Kim", 60), ("Old", 1), ("Gone", 60)]):
        session = AgentSession(id=f"i{n}", sign_in=f"s{n}", name=name, object_id="o", expires_at=NOW + left)
        await store.open_session(session, now=NOW)
    await store.end_session("i4")

    assert await store.signed_in(now=NOW + 1) == ["Kim", "Robin"]


async def test_what_has_run_out_is_forgotten(store: Store) -> None:
    """With the next sign-in, so that the table stays small."""
    await store.open_session(KIM, now=NOW)
    await store.open_session(msgspec.structs.replace(KIM, id="i2", sign_in="s2"), now=NOW + 61)

    assert await store.session("i1") is None
    assert await store.session("i2") is not None


async def test_a_session_outlives_the_process(open_again: OpenStore) -> None:
    """An agent need not sign in again because a replica was replaced."""
    first = await open_again()
    await first.open_session(KIM, now=NOW)
    await first.close()

    second = await open_again()
    try:
        assert await second.session("i1") == KIM
    finally:
        await second.close()
