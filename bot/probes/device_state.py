"""Graph's `devices`: is the device of that sign-in registered and compliant?

The device is the one that the person's own sign-in names; an id that somebody typed is never looked up. The
log's `deviceId` is not the object's `id`, so it is found by filter. A sign-in without a device says little: a
browser may simply not have named it.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from bot.address import Person
from bot.probes.api import Finding
from bot.probes.bounded import bounded
from bot.probes.ids import guid, own_id
from bot.probes.reader import GraphReader, NoAnswer
from bot.probes.said import line, name, when
from bot.probes.sign_ins import Device, SignIns
from bot.probes.times import Moment

PERMISSION: Final = "Device.Read.All"


class _Entry(msgspec.Struct, rename="camel"):
    device_id: str | None = None
    display_name: str | None = None
    account_enabled: bool | None = None
    is_compliant: bool | None = None
    is_managed: bool | None = None
    trust_type: str | None = None
    approximate_last_sign_in_date_time: Moment | None = None


class _Entries(msgspec.Struct):
    value: list[_Entry]


_FIELDS = ",".join(_Entry.__struct_encode_fields__)


class DeviceState:
    """The check `device-state`: compliant, not-compliant or not-registered."""

    def __init__(self, graph: GraphReader, sign_ins: SignIns, *, limit: float) -> None:
        """Take what it asks, and the seconds it may take."""
        self._graph = graph
        self._sign_ins = sign_ins
        self._limit = limit

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:
        """Look up the device of the person's own sign-in; see Probe."""
        return await bounded(self._look_up(person, facts), self._limit)

    async def _look_up(self, person: Person, facts: Mapping[str, str]) -> Finding:
        attempt = await self._sign_ins.find(own_id(person), facts)
        seen = attempt.row.device_detail or Device()
        device = guid(seen.device_id)
        at = f"sign-in of {when(attempt.row.created_date_time)}"
        if device is None:
            return _without_id(facts, at)
        query = {"$filter": f"deviceId eq '{device}'", "$select": _FIELDS}
        try:
            page = await self._graph.get(("devices",), _Entries, needs=PERMISSION, query=query)
        except NoAnswer as error:
            raise NoAnswer(line([f"{error}; {_as_seen(seen)}", device, at])) from None
        entry = next((each for each in page.value if guid(each.device_id) == device), None)
        if entry is None:
            if page.value:
                raise NoAnswer("Microsoft Graph answered about another device")
            return Finding(
                "not-registered", line(["the directory has no such device (any more)", device, at])
            )
        return Finding(*_judged(entry, device, at))


def _without_id(facts: Mapping[str, str], at: str) -> Finding:
    if facts.get("device_state", "").strip().lower() == "unregistered":
        return Finding("not-registered", line(["says the error page; the log names no device", at]))
    raise NoAnswer(line(["the log names no device: not registered, or the client did not identify it", at]))


def _judged(entry: _Entry, device: str, at: str) -> tuple[str, str]:
    said = line(
        [
            name(entry.display_name),
            name(entry.trust_type),
            "managed" if entry.is_managed else "not managed",
            "" if entry.account_enabled is not False else "switched off in the directory",
            f"last seen {when(last)}" if (last := entry.approximate_last_sign_in_date_time) else "",
            device,
            at,
        ]
    )
    match entry.is_compliant:
        case False:
            return "not-compliant", said
        case True if entry.account_enabled is not False:
            return "compliant", said
        case _:
            # Switched off, or of no management that could say: neither is fine.
            raise NoAnswer(said)


def _as_seen(seen: Device) -> str:
    match seen.is_compliant:
        case True:
            return "the sign-in log says compliant"
        case False:
            return "the sign-in log says not compliant"
        case _:
            return "the sign-in log does not say either"
