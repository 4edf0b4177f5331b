"""What the chat page may send, strictly decoded, as an event.

The page is not believed: wrong shapes, unknown fields and oversize bodies are refused with a code for
programs and a sentence for people. It must not know conversations, stores or HTTP answers.
"""

from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec

from dialogs.events import Chose, Command, Commanded, Entered, Event, Said

LARGEST: Final = 256 * 1024  # bytes of a body

_Short: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
_Option: TypeAlias = Annotated[str, msgspec.Meta(max_length=200)]
_Options: TypeAlias = Annotated[tuple[_Option, ...], msgspec.Meta(max_length=100)]


class _Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    id: UUID  # made by the page, the same for every try
    zone: _Short = ""


class SaidThere(_Sent, frozen=True, kw_only=True, tag="said"):
    """The person wrote something."""

    text: str


class ChoseThere(_Sent, frozen=True, kw_only=True, tag="chose"):
    """The person pressed a button or sent a list."""

    prompt: _Short
    options: _Options


class EnteredThere(_Sent, frozen=True, kw_only=True, tag="entered"):
    """The person filled in the field of a prompt."""

    prompt: _Short
    text: str


class CommandedThere(_Sent, frozen=True, kw_only=True, tag="commanded"):
    """The person pressed one of the small buttons."""

    command: Command
    prompt: _Short = ""
    value: _Short = ""


Sent: TypeAlias = SaidThere | ChoseThere | EnteredThere | CommandedThere

_DECODER = msgspec.json.Decoder(Sent, strict=True)


class NotUnderstood(Exception):  # noqa: N818 - an outcome, told to the page
    """The body is not something the page may send. The message says what and where."""


def read(body: bytes) -> Sent:
    """Decode what the page sent.

    Raises:
        NotUnderstood: It is not JSON, not one of the four kinds, or has a field that is wrong or unknown.
    """
    try:
        sent: Sent = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotUnderstood(str(error)) from error
    return sent


def as_event(sent: Sent, now: int) -> Event:
    """The event that `sent` stands for, at `now` (seconds since 1970, UTC)."""
    match sent:
        case SaidThere():
            return Said(at=now, text=_storable(sent.text))
        case EnteredThere():
            return Entered(at=now, prompt=_storable(sent.prompt), text=_storable(sent.text))
        case ChoseThere():
            return Chose(
                at=now, prompt=_storable(sent.prompt), options=tuple(_storable(each) for each in sent.options)
            )
        case CommandedThere():
            return Commanded(
                at=now, command=sent.command, prompt=_storable(sent.prompt), value=_storable(sent.value)
            )


def _storable(text: str) -> str:
    """Without NUL, which PostgreSQL's text cannot hold."""
    return text.replace("\0", "")
