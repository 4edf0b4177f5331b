"""Which service URLs may receive the bot's token.

Every activity names the address to answer to. The bot's bearer token goes there, so an address that is not
on this list gets nothing. The comparison is on parsed parts, never on text: one strict grammar, and whatever
does not fit it is refused rather than repaired.

Must not know: tokens, HTTP clients, activities.
"""

import functools
import ipaddress
import re
from typing import Final, NamedTuple, Self

PUBLIC: Final = (
    "https://smba.trafficmanager.net,"
    "https://smba.infra.gcc.teams.microsoft.com,"
    "https://smba.infra.gov.teams.microsoft.us,"
    "https://smba.infra.dod.teams.microsoft.us"
)
"""Microsoft's public list of Teams connector hosts: commercial, GCC, GCC High, DoD."""

_LONGEST = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
# No userinfo, no query, no fragment, no percent-encoding, no backslash, ASCII only: Teams uses none of them,
# and each is a known way to make two parsers disagree about the host.
_GRAMMAR = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:@-]+)*)/?",
    re.IGNORECASE | re.ASCII,
)


class _Parts(NamedTuple):
    scheme: str
    host: str
    port: int
    segments: tuple[str, ...]


@functools.lru_cache(maxsize=1024)  # the same few addresses are asked about again and again
def _parse(url: str) -> _Parts | None:
    if len(url) > _LONGEST:
        return None
    match = _GRAMMAR.fullmatch(url)
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    segments = tuple(match["path"].split("/")[1:])
    if port > 65535 or ".." in host or any(segment in {".", ".."} for segment in segments):
        return None
    if scheme == "http" and not is_loopback_host(host):
        return None
    return _Parts(scheme, host, port, segments)


def is_loopback_host(host: str | None) -> bool:
    """Whether a host name or address means this machine and nothing else.

    Args:
        host: A name, an IPv4 dotted quad, or an IPv6 address with or without brackets; None is not loopback.
    """
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


class ServiceUrls:
    """An allow-list of URL prefixes, compared by scheme, host, port and whole path segments."""

    def __init__(self, prefixes: str = PUBLIC, *, any_loopback: bool = False) -> None:
        """Read a comma-separated list of prefixes.

        Args:
            prefixes: For example ``https://smba.trafficmanager.net/teams,http://127.0.0.1:9000``.
            any_loopback: Also allow every address on this machine (local mode).

        Raises:
            ValueError: A prefix is not a plain https URL (or http on loopback); the message names it.
        """
        self._any_loopback = any_loopback
        self._prefixes: list[_Parts] = []
        for prefix in filter(None, (part.strip() for part in prefixes.split(","))):
            parts = _parse(prefix)
            if parts is None:
                raise ValueError(
                    f"{prefix!r} is not a service URL prefix: write https://host[:port][/path], without user,"
                    " query, fragment or %; plain http only for this machine (http://127.0.0.1:9000)"
                )
            self._prefixes.append(parts)
        if not self._prefixes and not any_loopback:
            raise ValueError("the list of service URLs is empty: nothing could ever be sent")

    @classmethod
    def loopback_only(cls) -> Self:
        """The list of local mode: any port of this machine, nothing else."""
        return cls("", any_loopback=True)

    @property
    def has_loopback(self) -> bool:
        """Whether an address of this machine is on the list."""
        return self._any_loopback or any(is_loopback_host(each.host) for each in self._prefixes)

    def allows(self, url: object) -> bool:
        """Whether the bot's token may go to this URL; False for anything that is not a well-formed URL."""
        parts = _parse(url) if isinstance(url, str) else None
        if parts is None:
            return False
        if self._any_loopback and is_loopback_host(parts.host):
            return True
        return any(
            parts[:3] == prefix[:3] and parts.segments[: len(prefix.segments)] == prefix.segments
            for prefix in self._prefixes
        )
