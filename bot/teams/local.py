"""The gate of local mode, a bot without an app id: this machine only, and no token in either direction.

There is no signature to check here, so the address is everything: the caller must sit on this machine, must
have spoken to this machine by name, and must not be a proxy or a web page that speaks for somebody else.

Must not know: tokens, keys, the Bot Framework SDK.
"""

from collections.abc import Mapping
from typing import Any

from multidict import CIMultiDictProxy

from bot.teams.auth import Claims, NotAdmitted
from bot.teams.service_urls import ServiceUrls, is_loopback_host

_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


class LocalGate:
    """Admits the Agents Playground and other clients on this machine."""

    def __init__(self) -> None:
        self._service_urls = ServiceUrls.loopback_only()

    async def verify(self, headers: CIMultiDictProxy[str], peer: str | None) -> Claims:
        """Check that the caller is on this machine.

        Args:
            headers: The request's headers.
            peer: The address at the other end of the socket, not one that a header names.

        Raises:
            NotAdmitted: 403.
        """
        if not is_loopback_host(peer):
            raise NotAdmitted(403, "not_from_this_machine")
        if any(name in headers for name in _PROXY_HEADERS):
            raise NotAdmitted(403, "forwarded")
        # A browser tricked by DNS into calling a local port still names the foreign host.
        if not is_loopback_host(_without_port(headers.get("Host", ""))) or "Origin" in headers:
            raise NotAdmitted(403, "foreign_page")
        return Claims(service_url="", endorsements=frozenset())

    def admit(self, claims: Claims, activity: Mapping[str, Any]) -> None:  # noqa: ARG002  there is no token to compare with
        """Check that the answer stays on this machine.

        Raises:
            NotAdmitted: 403.
        """
        if not self._service_urls.allows(activity.get("serviceUrl")):
            raise NotAdmitted(403, "service_url_not_allowed")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
