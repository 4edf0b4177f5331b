"""Who may read the pages: somebody at this machine who called it by name, and their own pages only.

The pages know nobody's name, so the address is everything. Each check here has one attack it is for: another
machine, a browser tricked by DNS, a proxy that opens the page to a network, another site's page.
It must not know what the pages show.
"""

import functools
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, a browser sends our own forms from the origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(host: str | None) -> bool:
    """Whether `host` is an address of this machine, or "localhost"."""
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def protect(response: web.StreamResponse) -> None:
    """Put the security headers on a response that has not been sent yet."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def local_only(handler: Handler) -> Handler:
    """Let `handler` answer only requests of this machine, and put the security headers on its answers."""

    async def checked(request: web.Request) -> web.StreamResponse:
        _check_caller(request)
        return await handler(request)

    return protected(checked)


def protected(handler: Handler) -> Handler:
    """Put the security headers on all answers of `handler`."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as answer:
            protect(answer)
            raise
        if not response.prepared:
            protect(response)
        return response

    return guarded


class LocalDoor:
    """The board's door in local mode: whoever is at this machine may enter, and types their own name."""

    origin: Final = ""  # the request's own

    def guard(self, handler: Handler) -> Handler:
        """As `local_only`."""
        return local_only(handler)

    async def still_in(self, _: web.Request) -> bool:
        """Nobody is ever out."""
        return True


def same_origin(request: web.Request, origin: str = "") -> bool:
    """Whether a browser sent this from one of our own pages.

    A browser always names the origin of a POST; "null" (a sandboxed page, a redirect) is nobody's.

    Args:
        request: What was sent.
        origin: Ours, as browsers know it. "": as the request was addressed, which behind a proxy is not so.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    return request.headers.get("Origin") == (origin or f"{request.scheme}://{request.host}")


def _check_caller(request: web.Request) -> None:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if not (isinstance(peer, tuple) and is_loopback(peer[0])):
        raise web.HTTPForbidden(text="This page answers only to the machine it runs on.\n")
    if any(name in request.headers for name in _FORWARDED):
        raise web.HTTPForbidden(text="This page answers to nobody behind a proxy.\n")
    if not is_loopback(_without_port(request.host)):
        raise web.HTTPForbidden(text="Call this page as http://127.0.0.1 or http://localhost.\n")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.partition(":")[0]
