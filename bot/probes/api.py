"""What an automatic check is, and the rule for all of them: what cannot tell says "unknown", never "fine"."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from bot.address import Person
from dialogs.probes import UNKNOWN


class Finding(msgspec.Struct, frozen=True):
    """What a check came to: an outcome named in `dialogs.probes`, and a line for the ticket.

    The detail is read by the helpdesk only; it never names a policy to the person.
    """

    outcome: str = UNKNOWN
    detail: str = ""


class Probe(Protocol):
    """One automatic check."""

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:
        """Look it up.

        Args:
            person: Whose sign-in it is. Only a verified person's own object id may be looked up.
            facts: `code`, and what was pasted: `correlation_id`, `request_id`, `timestamp`, `app_id`, ...

        Returns:
            The finding. Missing rights, no answer and doubts are findings ("unknown"), not errors.
        """
        ...
