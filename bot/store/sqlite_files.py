"""Files in SQLite: what a turn does with them, and what is in them. It must not know why a file is kept."""

import sqlite3
from collections.abc import Sequence

from bot.store.api import Kept
from bot.store.files import FileRecord, NewFile
from bot.store.rows import file_of, new_file_values
from bot.store.sqlite_queries import every, first, run
from bot.store.writer import Writer


def take_files(db: sqlite3.Connection, kept: Kept) -> None:
    """Write down the files that a turn has heard of and where they go, and forget those it has dropped."""
    for file in kept.files:
        run(db, "add_file", **new_file_values(file))
    for aim in kept.aimed:
        run(db, "aim_file", id=aim.id, target=aim.target)
    for each in kept.dropped:
        run(db, "drop_file", id=each)


def give_files(db: sqlite3.Connection, number: str, files: Sequence[str]) -> None:
    """From now on these files are of case `number`."""
    for each in files:
        run(db, "give_file", number=number, id=each)


class SqliteFiles:
    """The part of the store that is about files; see `bot.store.files.FileStore`."""

    _writer: Writer

    async def add_file(self, file: NewFile, media_type: str, content: bytes) -> None:
        """See `FileStore.add_file`."""

        def work(db: sqlite3.Connection) -> None:
            run(db, "add_file", **new_file_values(file))
            run(db, "keep_file", id=file.id, media_type=media_type, content=content)

        await self._writer.do(work)

    async def keep_file(self, file_id: str, media_type: str, content: bytes) -> bool:
        """See `FileStore.keep_file`."""

        def work(db: sqlite3.Connection) -> bool:
            run(db, "keep_file", id=file_id, media_type=media_type, content=content)
            return first(db, "file", id=file_id) is not None

        return await self._writer.do(work)

    async def file(self, file_id: str) -> FileRecord | None:
        """See `FileStore.file`."""
        row = await self._writer.do(lambda db: first(db, "file", id=file_id))
        return file_of(row) if row else None

    async def file_content(self, file_id: str) -> bytes:
        """See `FileStore.file_content`."""
        row = await self._writer.do(lambda db: first(db, "file_content", id=file_id))
        return bytes(row[0] or b"") if row else b""

    async def files(self, conversation: str, number: str = "") -> Sequence[FileRecord]:
        """See `FileStore.files`."""
        rows = await self._writer.do(lambda db: every(db, "files", conversation=conversation, number=number))
        return [file_of(row) for row in rows]
