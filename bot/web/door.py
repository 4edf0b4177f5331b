"""The door of the chat page: who may send anything at all, and how somebody is told that they may not.

It must not know what is sent.
"""

import json
import math
from typing import Any, Final

from aiohttp import web

from bot.web import visitor
from bot.web.guard import same_origin
from bot.web.pace import Pace

_HEADER: Final = "X-Handrail"  # no other site's page can send it without asking us first


def admitted(request: web.Request, media_type: str, pace: Pace) -> str | web.Response:
    """The key of the visitor's conversation, or the answer to somebody who may not send this, or not now.

    Args:
        request: A POST.
        media_type: What its body has to be.
        pace: How fast a visitor may send.
    """
    if not same_origin(request) or _HEADER not in request.headers:
        return refused(403, "foreign", "This did not come from the chat page. Reload the page.")
    known = visitor.visitor(request)
    if known is None:
        return refused(403, "no-visitor", f"The cookie {visitor.COOKIE} is missing. Reload the page.")
    if request.content_type != media_type or "Content-Encoding" in request.headers:
        return refused(415, "type", f"Send {media_type}, not compressed.")
    key = visitor.conversation_key(known)
    seconds = pace.wait(key)
    if seconds:
        again = {"Retry-After": str(math.ceil(seconds))}
        return refused(429, "pace", "That was very much at once. Try again shortly.", again)
    return key


def refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """An answer that says what is wrong, for the page (`code`) and for people (`message`)."""
    body: dict[str, Any] = {"error": {"code": code, "message": message}}
    return web.Response(
        status=status, headers=headers, content_type="application/json", text=json.dumps(body) + "\n"
    )
