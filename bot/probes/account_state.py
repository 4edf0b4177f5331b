"""Graph's `users/{id}`: is the person's account on, off, or an invitation not yet accepted?

Only ever their own account. What Graph leaves out is not guessed: a permission for names and photos alone
answers without `accountEnabled`, and that is "unknown".
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
from bot.probes.times import Moment

PERMISSION: Final = "User.Read.All"


class _User(msgspec.Struct, rename="camel"):
    id: str = ""
    account_enabled: bool | None = None
    user_type: str | None = None
    external_user_state: str | None = None
    on_premises_sync_enabled: bool | None = None
    last_password_change_date_time: Moment | None = None


_FIELDS = ",".join(_User.__struct_encode_fields__)


class AccountState:
    """The check `account-state`: enabled, disabled or guest-pending."""

    def __init__(self, graph: GraphReader, *, limit: float) -> None:
        """Take what it asks, and the seconds it may take."""
        self._graph = graph
        self._limit = limit

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:  # noqa: ARG002  of the protocol
        """Look the person's own account up; see Probe."""
        return await bounded(self._look_up(person), self._limit)

    async def _look_up(self, person: Person) -> Finding:
        own = own_id(person)
        try:
            user = await self._graph.get(("users", own), _User, needs=PERMISSION, query={"$select": _FIELDS})
        except NoAnswer as error:
            if error.missing:
                raise NoAnswer("this account is not in the directory (any more)") from None
            raise
        if guid(user.id) != own:
            raise NoAnswer("Microsoft Graph answered about another account")
        if user.account_enabled is None:
            raise NoAnswer(f"not permitted: the bot's app needs {PERMISSION} to see whether it is on")
        detail = line(_described(user))
        if not user.account_enabled:
            return Finding("disabled", detail)
        pending = (user.external_user_state or "").lower() == "pendingacceptance"
        return Finding("guest-pending" if pending else "enabled", detail)


def _described(user: _User) -> list[str]:
    changed = user.last_password_change_date_time
    return [
        "the account is on" if user.account_enabled else "the account is switched off",
        name(user.user_type).lower(),
        f"invitation: {name(user.external_user_state)}" if user.external_user_state else "",
        "synchronised from on-premises" if user.on_premises_sync_enabled else "",
        f"password last changed {when(changed)}" if changed else "",
    ]
