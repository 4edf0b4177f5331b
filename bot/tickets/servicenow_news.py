"""What others did to our incidents in ServiceNow, out of their fields and their journal.

Its audit is closed to most users. But an incident says who resolved it and when, how often it was opened
again, and who has it. Must not know: how ServiceNow is spoken to.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from bot.tickets.api import Change
from bot.tickets.marks import key_of

_ENDED: Final = frozenset({"6", "7"})


class Field(msgspec.Struct):
    """A field with what is shown for it."""

    value: str = ""
    display_value: str | None = None

    @property
    def words(self) -> str:
        """As people read it."""
        return self.display_value or self.value


class Incident(msgspec.Struct):
    """An incident, as `sysparm_display_value=all` has it."""

    sys_id: Field
    correlation_id: Field
    state: Field
    assigned_to: Field = msgspec.field(default_factory=Field)
    resolved_at: Field = msgspec.field(default_factory=Field)
    resolved_by: Field = msgspec.field(default_factory=Field)
    closed_at: Field = msgspec.field(default_factory=Field)
    closed_by: Field = msgspec.field(default_factory=Field)
    close_notes: Field = msgspec.field(default_factory=Field)
    reopen_count: Field = msgspec.field(default_factory=Field)
    reopened_by: Field = msgspec.field(default_factory=Field)
    sys_updated_on: Field = msgspec.field(default_factory=Field)


class Entry(msgspec.Struct):
    """An entry of a journal. `element` is comments or work_notes."""

    value: str = ""
    element: str = ""
    sys_id: str = ""
    element_id: str = ""
    sys_created_on: str = ""
    sys_created_by: str = ""


def news(
    incidents: Sequence[Incident], entries: Sequence[Entry], begin: int, *, own: str
) -> tuple[Change, ...]:
    """What others did, oldest first.

    Args:
        incidents: Those that something happened to.
        entries: Of their journals.
        begin: Seconds since 1970; what is older is none.
        own: The id of our user: what it resolved is ours. Entries of ours have their key.
    """
    numbers = {each.sys_id.value: each.correlation_id.value for each in incidents}
    found = [
        Change(
            id=f"journal/{each.sys_id}",
            number=numbers[each.element_id],
            kind="comment",
            by=each.sys_created_by,
            text=each.value,
            public=each.element == "comments",
            at=_time(each.sys_created_on),
        )
        for each in entries
        if each.element_id in numbers and key_of(each.value) is None
    ]
    found += [change for each in incidents for change in _moves(each, own)]
    return tuple(sorted((each for each in found if each.at >= begin), key=lambda each: each.at))


def _moves(incident: Incident, own: str) -> Iterator[Change]:
    here, number = incident.sys_id.value, incident.correlation_id.value
    updated = _time(incident.sys_updated_on.value)
    if incident.assigned_to.value not in {"", own}:
        who = incident.assigned_to
        made = f"{here}/assigned/{who.value}"
        yield Change(id=made, number=number, kind="claimed", by=who.words, text="", public=False, at=updated)
    if incident.state.value in _ENDED:
        at, by = incident.resolved_at, incident.resolved_by
        if not at.value:
            at, by = incident.closed_at, incident.closed_by
        if by.value != own:
            made, notes = f"{here}/resolved/{at.value}", incident.close_notes.words
            yield Change(
                id=made,
                number=number,
                kind="resolved",
                by=by.words,
                text=notes,
                public=True,
                at=_time(at.value),
            )
    elif incident.reopen_count.value not in {"", "0"} and incident.reopened_by.value != own:
        made, by = f"{here}/reopened/{incident.reopen_count.value}", incident.reopened_by
        yield Change(id=made, number=number, kind="reopened", by=by.words, text="", public=False, at=updated)


def _time(text: str) -> int:
    """ServiceNow's time, 2026-11-26 22:00:00 in UTC, in seconds since 1970; 0 when it is none."""
    try:
        return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())
    except ValueError:
        return 0
