"""A case in words, once, for everybody who shows it: the helpdesk's card, the plain text, the board.

Words here are plain: cleaned and on one line, but not escaped for Markdown or HTML; that is the business of
whoever renders them. What the person wrote themselves is marked `own`. Must not know: cards, HTML, tickets.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from bot.cards import ended_by, line
from bot.cards.speech import Speaker
from bot.desk_names import MAIN
from bot.store.api import CaseRecord
from bot.store.history import Solved
from dialogs.case import Asked
from dialogs.conversation import CaseStatus
from dialogs.text import Text

_NO_NEWS: Final = frozenset({"opened", "filed"})  # what else stands on a case says it


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: what it is about ("private window") and what there is to say ("no").

    `own`: `words` are the person's, as they wrote them, and nobody has checked them.
    """

    words: str
    about: str = ""
    own: bool = False


class Section(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A labelled group of lines. `folded`: shown on demand only."""

    id: str
    label: str
    rows: tuple[Row, ...]
    folded: bool = False


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above the sections. `vouched` says in words whether anybody knows who the person is.

    `desk` is where the ticket `reference` is, "" for the environment's; `severity` is "" where nothing
    presses.
    """

    number: str
    severity: str
    status: str
    opened: str
    queue: str
    about: str  # its codes, else what the guide is called; "" where the headline says that
    person: str
    vouched: str
    verified: bool
    language: str
    headline: str
    reference: str
    desk: str


def head(record: CaseRecord, speaker: Speaker) -> Head:
    """The lines above the sections, in the speaker's language."""
    file = record.file
    codes = " → ".join(f"AADSTS{code}" for code in file.codes)
    return Head(
        number=record.number,
        severity=severity(record, speaker) if record.severity != "normal" else "",
        status=status(record, speaker),
        opened=speaker.key("card/opened", at=str(record.opened_at)),
        queue=queue_name(file.queue, speaker),
        about=speaker.line(codes or (file.title if file.guide and file.headline else "")),
        person=speaker.line(record.person.name) or speaker.key("card/nameless"),
        vouched=speaker.key("card/verified" if record.person.verified else "card/not-verified"),
        verified=record.person.verified,
        language=speaker.key("card/writes", language=speaker.language_name(file.language)),
        headline=speaker.line(file.headline or file.title),
        # The builtin tickets have no number of their own.
        reference=speaker.line(record.reference) if record.reference != record.number else "",
        desk=record.desk if record.desk != MAIN else "",
    )


def reference(top: Head, speaker: Speaker) -> str:
    """The ticket's number, and its desk's name where there are several; "" when it has none."""
    if not top.reference:
        return ""
    if not top.desk:
        return speaker.key("card/reference", reference=top.reference)
    return speaker.key("card/reference-there", reference=top.reference, desk=top.desk)


def queue_name(queue: str, speaker: Speaker) -> str:
    """Who a queue is, in words."""
    return _named(f"queue/{queue}", queue, speaker)


def severity(record: CaseRecord, speaker: Speaker) -> str:
    """How pressing the case is now."""
    return _named(f"severity/{record.severity}", record.severity, speaker)


def status(record: CaseRecord, speaker: Speaker) -> str:
    """How far the case is, and who is on it."""
    by = speaker.line(record.by) or speaker.key("card/somebody")
    return speaker.key(f"card/status/{record.status}", by=by)


def sections(record: CaseRecord, speaker: Speaker, solved: Solved | None = None) -> list[Section]:
    """Everything the helpdesk should read about a case, in reading order; empty sections are left out.

    Args:
        record: The case.
        speaker: Speaks the language and the zone of the helpdesk, not of the person.
        solved: What ended others like it.
    """
    file = record.file
    found = [
        _section("ended-by", speaker, [Row(words=ended_by.ended_by(record, speaker))]),
        _section("contact", speaker, [_own(file.contact, speaker)] if file.contact else []),
        _section("app", speaker, _mixed(file.app, speaker)),
        _section("device", speaker, _mixed(file.device, speaker)),
        _section("account", speaker, _mixed(file.account, speaker)),
        _section("since", speaker, _mixed(file.since, speaker)),
        _section("seen", speaker, _plain(file.seen, speaker)),
        _section("tried", speaker, _tried(record, speaker)),
        _section("untried", speaker, _plain(file.untried, speaker)),
        _section("ruled-out", speaker, _plain(file.ruled_out, speaker)),
        _section("checked", speaker, _checks(record, speaker)),
        _section("before", speaker, [Row(words=ended_by.before(solved, record, speaker))]),
        _section("ask-next", speaker, _plain(file.ask_next, speaker)),
        _section("remarks", speaker, [_own(each, speaker) for each in file.remarks]),
        _section("files", speaker, _files(record, speaker)),
        _section("log", speaker, _log(record, speaker)),
        _section("ids", speaker, _ids(record, speaker)),
        _section("answers", speaker, [_answer(each, speaker) for each in file.asked], folded=True),
    ]
    return [each for each in found if each.rows]


def _section(name: str, speaker: Speaker, rows: Iterable[Row], *, folded: bool = False) -> Section:
    said = tuple(row for row in rows if row.words or row.about)
    return Section(id=name, label=speaker.key(f"card/{name}"), rows=said, folded=folded)


def _named(key: str, name: str, speaker: Speaker) -> str:
    return speaker.key(key) if speaker.has(key) else speaker.line(name)


def _plain(texts: Sequence[Text], speaker: Speaker) -> list[Row]:
    return [Row(words=speaker.line(each)) for each in texts]


def _mixed(values: Sequence[Text | str], speaker: Speaker) -> list[Row]:
    return [
        Row(words=speaker.line(each)) if isinstance(each, Text) else _own(each, speaker) for each in values
    ]


def _own(words: str, speaker: Speaker) -> Row:
    """A person's words; a date out of a date field is no longer words, and reads as a date."""
    said = speaker.line(words)
    day = speaker.day(said)
    return Row(words=day, own=day == said)


def _tried(record: CaseRecord, speaker: Speaker) -> list[Row]:
    return [
        Row(about=speaker.line(each.fix), words=_named(f"result/{each.result}", each.result, speaker))
        for each in record.file.tried
    ]


def _checks(record: CaseRecord, speaker: Speaker) -> list[Row]:
    """The checks, what they said, and when: a service that was fine at 9:52 may not be now.

    Those that said the same at the same time are one line: four that are not set up are one piece of news.
    """
    names: dict[str, list[str]] = {}
    for check in record.file.checks:
        words = [
            _named(f"probe/{check.probe}/{check.outcome}", check.outcome, speaker),
            speaker.line(check.detail),
            speaker.time(check.at, near=record.opened_at) if check.at else "",
        ]
        said = ", ".join(each for each in words if each)
        names.setdefault(said, []).append(_named(f"probe/{check.probe}/name", check.probe, speaker))
    return [Row(about=speaker.listed(each), words=said) for said, each in names.items()]


def _ids(record: CaseRecord, speaker: Speaker) -> list[Row]:
    found = record.file.evidence
    named = (
        ("bot/id/correlation", found.correlation_id),
        ("bot/id/request", found.request_id),
        ("card/id/trace", found.trace_id),
        ("bot/id/time", found.timestamp),
        ("card/id/app", found.app_id),
        ("bot/id/app", found.app_name),
        ("card/id/device", found.device_state),
        ("card/id/platform", found.platform),
        ("card/id/user", record.person.object_id if record.person.verified else None),
    )
    return [Row(about=speaker.key(key), words=speaker.line(value)) for key, value in named if value]


def _answer(asked: Asked, speaker: Speaker) -> Row:
    question = speaker.line(asked.question)
    if asked.skipped:
        return Row(about=question, words=speaker.key("card/skipped"))
    if asked.text is not None:
        own = _own(asked.text, speaker)
        return Row(about=question, words=own.words, own=own.own)
    return Row(about=question, words="; ".join(speaker.line(each) for each in asked.answers))


def _log(record: CaseRecord, speaker: Speaker) -> list[Row]:
    """What happened since the case was opened: steps with who took them, and what was written.

    Entries of older versions do not say what they are; it is read from what changed.
    """
    rows = []
    before: CaseStatus = "open"
    for entry in record.log:
        by, note = speaker.line(entry.by), speaker.line(entry.note)
        about = speaker.time(entry.at, near=record.opened_at)
        if entry.what:
            if entry.what not in _NO_NEWS:
                rows.append(Row(about=about, words=line.text(entry, record, speaker)))
        elif entry.status != before:
            said = speaker.key(f"card/status/{entry.status}", by=by or speaker.key("card/somebody"))
            rows.append(Row(about=about, words=f"{said}: {note}" if note else said))
        elif note:
            # Without a name it is what the person added, or what a ticket system answered: unchecked words.
            rows.append(Row(about=about, words=f"{by}: {note}" if by else note, own=not by))
        before = entry.status
    return rows


def _files(record: CaseRecord, speaker: Speaker) -> list[Row]:
    """Names: of what the person sent, before the case was opened and since, and of what they were sent."""
    sent = (entry.note if entry.what == "sent" else entry.names for entry in record.log)
    later = (each for each in sent if each)
    return [Row(words=speaker.line(each)) for each in (*(file.name for file in record.file.files), *later)]


def row_text(row: Row, speaker: Speaker) -> str:
    """A row as one line of plain text; the person's own words in quotation marks, and marked."""
    said = f"“{row.words}” ({speaker.key('card/as-written')})" if row.own else row.words
    return lead(row.about) + said


def lead(about: str) -> str:
    """What a row is about, as it stands before its words: a question needs no colon."""
    if not about:
        return ""
    return f"{about} " if about.endswith(("?", ".", "!", "…")) else f"{about}: "
