"""Files as the rest of the bot sees them in the store: what is known of one, and what is in it.

A turn writes down which files there are (`Kept.files`) and where they go (`Kept.aimed`), a case that is
opened or changed takes some of them
(`CaseFile.files`, `CaseChange.files`), and what is in a file is put in apart from any turn. It must not know
where a file is fetched from, nor what may be in one.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody sent; what is in it comes later. `id` is unique for ever.

    `source` is where it is, and a secret: who has it has the file. `agent` is who of the helpdesk gave it, ""
    for the person.
    """

    id: str
    conversation: str
    name: str
    at: int
    agent: str = ""
    source: str = ""

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"{type(self).__name__}({self.id!r}, {self.name!r})"


class FileRecord(NewFile, frozen=True, kw_only=True):
    """A file that is known. `size` is in bytes, 0 while nothing is in it yet; then `media_type` is "", too.

    `number` is the case it is of, "" while it is of none. Once something is in it, `source` is "". `target`
    is where the person wants it to be put, a secret as well: "" before they say so, and once it is there.
    """

    number: str = ""
    media_type: str = ""
    size: int = 0
    target: str = ""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person wants file `id` to be put, in the words of who puts it there; "" forgets it."""

    id: str
    target: str

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"Aim({self.id!r})"


class FileStore(Protocol):
    """The part of the store that is about files. Every method may raise `StoreUnavailable`."""

    async def add_file(self, file: NewFile, media_type: str, content: bytes) -> None:
        """Keep a file that came in one piece; once it is there it stays as it is.

        A turn has to take it, or it is forgotten with those that were never handed over.
        """
        ...

    async def keep_file(self, file_id: str, media_type: str, content: bytes) -> bool:
        """Put what was fetched into a file and forget where from. False when it is not known (any more)."""
        ...

    async def file(self, file_id: str) -> FileRecord | None:
        """What is known of one file."""
        ...

    async def file_content(self, file_id: str) -> bytes:
        """What is in a file; b"" when nothing is, or there is no such file."""
        ...

    async def files(self, conversation: str, number: str = "") -> Sequence[FileRecord]:
        """The files of a case, or of a conversation those of no case; only with something in them."""
        ...
