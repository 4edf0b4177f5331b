"""Between rows of a SQL database and the records of the store: columns in, structs out, and back.

Must not know: a connection, a query's text, when anything is read or written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bot.address import Address, Person
from bot.errors import StoreUnavailable
from bot.store.api import (
    Audience,
    CaseRecord,
    CaseSearch,
    Line,
    LogEntry,
    Message,
    NewMessage,
)
from bot.store.files import FileRecord, NewFile
from bot.store.on_call import OnCall
from bot.store.sessions import AgentSession
from dialogs.case import CaseFile
from dialogs.conversation import FORMAT, Conversation

VERSION_LOOKS_AT: Final = 20  # cases; more of them at once are one change
_NEWER_THAN_ALL: Final = 1 << 62

Row = Sequence[Any]
Values = Mapping[str, Any]


class _Manner(msgspec.Struct):
    """The part of a `Conversation` that says how somebody is spoken to; reading it is ten times quicker."""

    language: str = "en"
    plain: bool = False


_encode: Final = msgspec.json.Encoder().encode
_conversation: Final = msgspec.json.Decoder(Conversation)
_manner: Final = msgspec.json.Decoder(_Manner)
_address: Final = msgspec.json.Decoder(Address)
_person: Final = msgspec.json.Decoder(Person)
_file: Final = msgspec.json.Decoder(CaseFile)


def encode(record: Conversation | Address) -> bytes:
    """JSON, as it is stored."""
    return _encode(record)


def conversation_of(row: Row) -> tuple[Conversation, Address | None]:
    """From state and address.

    Raises:
        StoreUnavailable: It cannot be read by this version; it is left as it is.
    """
    try:
        found = _conversation.decode(row[0])
        address = _address.decode(row[1]) if row[1] is not None else None
    except msgspec.DecodeError as error:
        # the error names a path in the document, never a value of it
        raise StoreUnavailable(f"a stored conversation cannot be read by this version: {error}") from None
    if found.v > FORMAT:
        raise StoreUnavailable(
            f"a stored conversation has format {found.v}, this version of Handrail reads up to {FORMAT}:"
            " run the newer version"
        )
    return found, address


def audience_of(row: Row) -> Audience | None:
    """From state and address.

    Raises:
        StoreUnavailable: It cannot be read by this version; it is left as it is.
    """
    if row[1] is None:
        return None
    try:
        found = _manner.decode(row[0])
        return Audience(language=found.language, plain=found.plain, address=_address.decode(row[1]))
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"a stored conversation cannot be read by this version: {error}") from None


def line_of(row: Row) -> Line:
    """From seq, session, who, at, body."""
    return Line(seq=row[0], session=row[1], who=row[2], at=row[3], body=row[4])


def message_of(row: Row) -> Message:
    """From all columns of the outbox, in the order of the query `message`; more may follow."""
    return Message(
        id=row[0],
        key=row[1],
        lane=row[2],
        kind=row[3],
        conversation=row[4],
        body=row[5],
        state=row[6],
        attempt=row[7],
        created_at=row[8],
        due_at=row[9] or 0.0,
        error=row[10],
        receipt=row[11],
        excused=row[12],
        lapsed=row[13],
        behind=row[6] == "ready" and row[9] is None,
    )


def case_of(row: Row, log: Sequence[Row]) -> CaseRecord:
    """From the columns of a case and the rows of its log.

    Raises:
        StoreUnavailable: It cannot be read by this version; it is left as it is.
    """
    try:
        return CaseRecord(
            number=row[0],
            conversation=row[1],
            status=row[2],
            opened_at=row[3],
            changed_at=row[4],
            by=row[5],
            reference=row[6],
            zone=row[7],
            person=_person.decode(row[8]),
            file=_file.decode(row[9]),
            desk=row[10],
            severity=row[11],
            log=tuple(
                LogEntry(
                    at=at,
                    status=status,
                    by=by,
                    note=note,
                    what=what,
                    reason=reason,
                    fix=fix,
                    names=names,
                )
                for at, status, by, note, what, reason, fix, names in log
            ),
        )
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"case {row[0]} cannot be read by this version: {error}") from None


def message_values(message: NewMessage) -> dict[str, Any]:
    """What the query `add_message` takes, without the time."""
    return {
        "key": message.key,
        "lane": message.lane,
        "kind": message.kind,
        "conversation": message.conversation,
        "body": message.body,
    }


def case_values(record: CaseRecord) -> dict[str, Any]:
    """What the query `add_case` takes."""
    return {
        "number": record.number,
        "conversation": record.conversation,
        "status": record.status,
        "opened_at": record.opened_at,
        "changed_at": record.changed_at,
        "agent": record.by,
        "severity": record.severity,
        "reference": record.reference,
        "zone": record.zone,
        "person": _encode(record.person),
        "file": _encode(record.file),
    }


def facet_values(record: CaseRecord) -> dict[str, str]:
    """What a case is looked for by; PostgreSQL has a trigger for it, which in SQLite would not be trusted."""
    file = record.file
    return {
        "queue": file.queue,
        "language": file.language,
        "codes": "".join(f",{code}" for code in file.codes) + ("," if file.codes else ""),
        "code": str(file.codes[-1]) if file.codes else "",
        "called": f"{record.person.name} {file.contact}"[:300],
    }


def search_values(search: CaseSearch) -> dict[str, Any]:
    """What the queries `find_newest` and `find_oldest` take, without the statuses."""
    start = (-1, "") if search.oldest_first else (_NEWER_THAN_ALL, "")
    opened_at, number = search.after or start
    return {
        "opened_at": opened_at,
        "number": number,
        "severity": search.severity,
        "queue": search.queue,
        "language": search.language,
        "code": f",{search.code}," if search.code is not None else "",
        "agent": search.by,
        "words": _pattern(search.words),
        "limit": search.limit,
    }


def _pattern(words: str) -> str:
    """Words as a pattern of LIKE.

    A database may know capitals of plain letters only, so any other letter stands for every one.
    """
    if not words:
        return ""
    marked = ("_" if not c.isascii() else f"\\{c}" if c in "\\%_" else c for c in words)
    return f"%{''.join(marked)}%"


def version_of(rows: Sequence[Row]) -> str:
    """From the rows of the query `latest_changes`."""
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]


def session_of(row: Row) -> AgentSession:
    """From the columns of a session."""
    return AgentSession(id=row[0], sign_in=row[1], name=row[2], object_id=row[3], expires_at=row[4])


def session_values(session: AgentSession) -> dict[str, Any]:
    """What the query `open_session` takes."""
    return msgspec.structs.asdict(session)


def on_call_of(row: Row) -> OnCall | None:
    """From channel, user, name and since; None when it says that nobody is on call."""
    return OnCall(channel=row[0], user_id=row[1], name=row[2], since=row[3]) if row[1] else None


def file_of(row: Row) -> FileRecord:
    """From the columns of a file, without what is in it."""
    return FileRecord(
        id=row[0],
        conversation=row[1],
        name=row[2],
        at=row[3],
        agent=row[4],
        source=row[5],
        number=row[6],
        media_type=row[7],
        size=row[8],
        target=row[9],
    )


def new_file_values(file: NewFile) -> dict[str, Any]:
    """What the query `add_file` takes."""
    return {
        "id": file.id,
        "conversation": file.conversation,
        "name": file.name,
        "agent": file.agent,
        "at": file.at,
        "source": file.source,
    }
