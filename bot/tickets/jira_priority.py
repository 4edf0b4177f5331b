"""Which of Jira's priorities a case gets, if it may have one.

A request type has the fields that somebody put on its form, and an issue those of its edit screen: one that
is not there cannot be set, and to try would fail the whole request. Priorities are everybody's own, so they
are taken by their names if those are Jira's; else the first is urgent, as Jira lists its own.

Facts: https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-servicedesk/ (the fields of a
request type, their valid values), https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
(edit metadata; what is not on the screen is not in it, and is refused with a 400),
https://support.atlassian.com/jira-cloud-administration/docs/manage-priority-schemes.
Must not know: the outbox, settings, what else an issue has.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from bot.tickets.rest import Rest
from dialogs.guide import Severity

_log = structlog.get_logger(__name__)

_FIELD: Final = "priority"
_NAMES: Final[Mapping[Severity, tuple[str, ...]]] = {
    "urgent": ("highest", "urgent", "critical"),
    "normal": ("medium", "normal"),
}


class _Valid(msgspec.Struct):
    value: str = ""
    label: str = ""


class _Asked(msgspec.Struct, rename="camel"):
    field_id: str = ""
    valid_values: list[_Valid] = []


class _Form(msgspec.Struct, rename="camel"):
    request_type_fields: list[_Asked] = []


class Value(msgspec.Struct):
    """One of the values that a field may have."""

    id: str = ""
    name: str = ""


class _Editable(msgspec.Struct, rename="camel"):
    allowed_values: list[Any] | None = None  # of any form, by the field
    default_value: Any = None


class _Screen(msgspec.Struct):
    fields: dict[str, _Editable] = {}


def values(listed: Sequence[Any]) -> list[Value]:
    """Those of a field's values that have an id."""
    return [msgspec.convert(each, Value) for each in listed if isinstance(each, dict) and "id" in each]


class JiraPriority:
    """Looks for the priorities of one request type."""

    def __init__(self, rest: Rest, desk: str, kind: str) -> None:
        """Take what a request needs.

        Args:
            rest: The way there.
            desk: The id of the service desk.
            kind: The id of the request type.
        """
        self._rest = rest
        self._desk, self._kind = desk, kind

    async def new(self, severity: Severity) -> Mapping[str, Any]:
        """The field of a new request; none where the form has none."""
        path = "rest/servicedeskapi/servicedesk/{}/requesttype/{}/field"
        form = await self._rest.get(path, self._desk, self._kind, kind=_Form)
        for each in form.request_type_fields:
            if each.field_id == _FIELD:
                return _chosen([Value(one.value, one.label) for one in each.valid_values], severity)
        return _missing(
            "put the field Priority on the form of the request type, hidden if people shall not see it"
        )

    async def there(self, reference: str, severity: Severity) -> Mapping[str, Any]:
        """The field of an issue that there is; none where its edit screen has none."""
        screen = await self._rest.get("rest/api/3/issue/{}/editmeta", reference, kind=_Screen)
        field = screen.fields.get(_FIELD)
        if field is None:
            return _missing("put the field Priority on the edit screen of the issue type")
        usual = values([field.default_value])
        if severity == "normal" and usual:
            return {_FIELD: {"id": usual[0].id}}
        return _chosen(values(field.allowed_values or []), severity)


def _chosen(offered: Sequence[Value], severity: Severity) -> Mapping[str, Any]:
    named = [each for name in _NAMES[severity] for each in offered if each.name.lower() == name]
    found = named or (offered[:1] if severity == "urgent" else [])
    if found:
        return {_FIELD: {"id": found[0].id}}
    return _missing(f"call one of the priorities {_NAMES[severity][0].title()}, or leave it to the helpdesk")


def _missing(what_to_do: str) -> Mapping[str, Any]:
    _log.warning("ticket_priority_unknown", what_to_do=what_to_do)
    return {}
