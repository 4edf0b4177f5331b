"""Files in PostgreSQL: what a turn does with them, and what is in them. It must not know why one is kept."""

from collections.abc import Sequence

from bot.store.api import Kept
from bot.store.files import FileRecord, NewFile
from bot.store.postgres_link import Link
from bot.store.postgres_queries import Database, first, run, transaction
from bot.store.rows import file_of, new_file_values


async def take_files(db: Database, kept: Kept) -> None:
    """Write down the files that a turn has heard of and where they go, and forget those it has dropped."""
    for file in kept.files:
        await run(db, "add_file", **new_file_values(file))
    for aim in kept.aimed:
        await run(db, "aim_file", id=aim.id, target=aim.target)
    if kept.dropped:
        await run(db, "drop_files", ids=list(kept.dropped))


async def give_files(db: Database, number: str, files: Sequence[str]) -> None:
    """From now on these files are of case `number`."""
    if files:
        await run(db, "give_files", number=number, ids=list(files))


class PostgresFiles:
    """The part of the store that is about files; see `bot.store.files.FileStore`."""

    _link: Link

    async def add_file(self, file: NewFile, media_type: str, content: bytes) -> None:
        """See `FileStore.add_file`."""

        async def work(db: Database) -> None:
            async with transaction(db):
                await run(db, "add_file", **new_file_values(file))
                await run(db, "keep_file", id=file.id, media_type=media_type, content=content)

        await self._link.do(work, again=True)

    async def keep_file(self, file_id: str, media_type: str, content: bytes) -> bool:
        """See `FileStore.keep_file`."""

        async def work(db: Database) -> bool:
            await run(db, "keep_file", id=file_id, media_type=media_type, content=content)
            return await first(db, "file", id=file_id) is not None

        return await self._link.do(work, again=True)

    async def file(self, file_id: str) -> FileRecord | None:
        """See `FileStore.file`."""
        row = await self._link.do(lambda db: first(db, "file", id=file_id), again=True)
        return file_of(row) if row is not None else None

    async def file_content(self, file_id: str) -> bytes:
        """See `FileStore.file_content`."""
        row = await self._link.do(lambda db: first(db, "file_content", id=file_id), again=True)
        return bytes(row[0] or b"") if row is not None else b""

    async def files(self, conversation: str, number: str = "") -> Sequence[FileRecord]:
        """See `FileStore.files`."""
        values = {"conversation": conversation, "number": number}
        rows = await self._link.do(lambda db: run(db, "files", **values), again=True)
        return [file_of(row) for row in rows]
