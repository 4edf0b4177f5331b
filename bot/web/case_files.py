"""A file of a case as an agent's browser gets it: pictures where they stand, everything else to be saved.

A stranger sent it, so nothing in it may run, whatever it is and whoever opens it: the type is what the bytes
are, the browser must not guess, and the page it would be is a sandbox. It must not know who may see a case:
the board's door does.
"""

from typing import Final
from urllib.parse import quote

from aiohttp import web

from bot.errors import StoreUnavailable
from bot.files import is_picture, saved_name
from bot.store.api import Store
from bot.store.files import FileRecord

_NOTHING_RUNS: Final = "default-src 'none'; sandbox"


async def serve(store: Store, file_id: str, *, conversation: str, number: str) -> web.Response:
    """The file, if it is one of this conversation and of this case ("": of none).

    Raises:
        web.HTTPNotFound: It is not.
        web.HTTPServiceUnavailable: The database does not answer.
    """
    try:
        file = await store.file(file_id)
        if file is None or not file.size or (file.conversation, file.number) != (conversation, number):
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
