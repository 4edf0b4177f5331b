"""The beginning of a stream of server-sent events, as the WHATWG's HTML standard has them.

Must not know: what is sent, when it ends.
"""

from aiohttp import web


async def opened(request: web.Request, *, retry: int) -> web.StreamResponse:
    """A stream that has begun; `retry`: milliseconds until a browser that lost it comes back."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    await response.write(f"retry: {retry}\n\n".encode())
    return response
