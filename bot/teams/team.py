"""Who is in the helpdesk's team, asked of Teams. It must not know why somebody wants to know."""

from bot.teams.connector import Connector
from bot.teams.desk import TeamUnknown
from bot.teams.outcomes import Delivered, Refused


class Team:
    """The people of a channel's team."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def name_of(self, service_url: str, channel: str, person: str) -> str | None:
        """The name of the member with this id; None when there is no such member.

        Raises:
            TeamUnknown: Teams does not say now.
        """
        outcome = await self._connector.member(service_url, channel, person)
        match outcome:
            case Delivered(body=dict(body)):
                return str(body.get("name") or body.get("userPrincipalName") or "") or None
            case Refused():
                return None
        raise TeamUnknown
