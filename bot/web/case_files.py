"""A file of a case as a browser gets it: pictures where they stand, everything else to be saved.

A stranger sent it, so nothing in it may run, whatever it is and whoever opens it: the type is what the bytes
are, the browser must not guess, and the page it would be is a sandbox. And how one that an agent sends is
kept. It must not know who may see a case: the doors do.
"""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.errors import StoreUnavailable
from bot.files import MOST, ROOM, file_id, is_picture, media_type, saved_name
from bot.store.api import CaseRecord, Store
from bot.store.files import FileRecord, NewFile
from dialogs.conversation import FileRef

_NOTHING_RUNS: Final = "default-src 'none'; sandbox"


class NoRoom(Exception):  # noqa: N818 - an answer
    """The case has as many files as it may have, or as large ones."""


async def keep(
    store: Store, record: CaseRecord, form: str, files: Sequence[tuple[str, bytes]], *, by: str, at: int
) -> tuple[FileRef, ...]:
    """Keep files that `by` of the helpdesk sends to the person of a case; a turn has to take them.

    Args:
        store: Where files are kept.
        record: The case.
        form: What tells this form from any other: sent again, its files are the same.
        files: Their names and what is in them.
        by: Who sends them.
        at: Now, seconds since 1970.

    Raises:
        NoRoom: There is none for all of them; none is kept.
        StoreUnavailable: See `Store`.
    """
    new = []
    for index, (name, content) in enumerate(files):
        media = media_type(content)
        each = file_id(record.conversation, form, str(index))
        new.append((FileRef(id=each, name=saved_name(name, media)), media, content))
    ids = {each.id for each, _, _ in new}
    beside = [
        each.size for each in await store.files(record.conversation, record.number) if each.id not in ids
    ]
    if len(beside) + len(new) > MOST or sum(beside) + sum(len(content) for _, _, content in new) > ROOM:
        raise NoRoom
    for ref, media, content in new:
        kept = NewFile(id=ref.id, conversation=record.conversation, name=ref.name, at=at, agent=by)
        await store.add_file(kept, media, content)
    return tuple(ref for ref, _, _ in new)


async def serve(store: Store, wanted: str, *, fits: Callable[[FileRecord], bool]) -> web.Response:
    """The file, if it is one that fits.

    Raises:
        web.HTTPNotFound: It is not.
        web.HTTPServiceUnavailable: The database does not answer.
    """
    try:
        file = await store.file(wanted)
        if file is None or not file.size or not fits(file):
            raise web.HTTPNotFound(text="There is no such file.\n")
        content = await store.file_content(file.id)
    except StoreUnavailable:
        raise web.HTTPServiceUnavailable(text="The database does not answer. Try again shortly.\n") from None
    return answer(file, content)


def answer(file: FileRecord, content: bytes) -> web.Response:
    """The file with all that keeps it quiet."""
    how = "inline" if is_picture(file.media_type) else "attachment"
    name = saved_name(file.name, file.media_type)
    plain = "".join(each if each.isascii() and each not in '"\\' else "_" for each in name)
    return web.Response(
        body=content,
        headers={
            "Content-Type": file.media_type,
            "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": _NOTHING_RUNS,
            "Cache-Control": "private, no-store",
        },
    )


def size(of_bytes: int) -> str:
    """How large it is, as people say it, for example "1.4 MB"."""
    if of_bytes < 1024:
        return f"{of_bytes} B"
    if of_bytes < 1024 * 1024:
        return f"{round(of_bytes / 1024)} KB"
    return f"{of_bytes / 1024 / 1024:.1f} MB"
