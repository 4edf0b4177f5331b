"""Files of the helpdesk on the chat page: for the visitor they were sent to, and for nobody else.

It must not know which screen shows them.
"""

from aiohttp import web

from bot.store.api import Store
from bot.web import case_files, visitor


class Given:
    """GET `/chat/files/{id}`."""

    def __init__(self, store: Store) -> None:
        """Take where files are kept."""
        self._store = store

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The file, if it was sent to whoever has this browser."""
        known = visitor.visitor(request)
        if known is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        key = visitor.conversation_key(known)
        return await case_files.serve(
            self._store,
            request.match_info["id"],
            fits=lambda file: bool(file.agent and file.number) and file.conversation == key,
        )
