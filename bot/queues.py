"""Which channel of the helpdesk a case belongs to; and the one behind it.

Must not know: Teams, how a case is shown.
"""

from collections.abc import Mapping

from bot.routing import routed
from dialogs.case import CaseFile


class Queues:
    """The channels of the helpdesk.

    Attributes:
        second: Where a case goes that nobody takes for long; "" when there is no such channel.
    """

    def __init__(self, channel: str, channels: Mapping[str, str] | None = None, second: str = "") -> None:
        """Take the channels.

        Args:
            channel: Where every case goes that goes nowhere else; "" when only the board shows cases.
            channels: Channels by what goes there: a code ("AADSTS53003"), a guide ("sign-in-error"), a
                severity ("urgent"), a queue ("security"), a language ("de"), or two of the last three
                ("security/urgent", "urgent/de", "sign-in/de"). Which of them wins says `bot.routing`.
            second: Where a case goes that nobody takes for long.
        """
        self._channel = channel
        self._channels = dict(channels or {})
        self.second = second

    def channel(self, file: CaseFile) -> str:
        """Where a case is announced; "" for nowhere."""
        return routed(file, self._channels, self._channel)

    def has(self, file: CaseFile, channel: str, *, moved: bool) -> bool:
        """Whether the people of a channel may act on a case; `moved`: it went to the second one, too."""
        return bool(channel) and (channel == self.channel(file) or (moved and channel == self.second))

    def all(self) -> tuple[str, ...]:
        """Every channel there is, once."""
        found = (self._channel, *self._channels.values(), self.second)
        return tuple(dict.fromkeys(each for each in found if each))
