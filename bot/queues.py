"""Which channel a case belongs to, by its code, severity, queue and language; and the one behind it.

Must not know: Teams, how a case is shown.
"""

from collections.abc import Mapping

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
            channels: Channels by what goes there: a code ("AADSTS53003"), a severity ("urgent"), a queue
                ("security"), a language ("de"), or two of these ("security/urgent", "urgent/de",
                "sign-in/de"). A code wins, then a severity, a queue, a language; two of them before one.
            second: Where a case goes that nobody takes for long.
        """
        self._channel = channel
        self._channels = dict(channels or {})
        self.second = second

    def channel(self, file: CaseFile) -> str:
        """Where a case is announced; "" for nowhere. Of several codes the newest counts.

        The severity is the one it was opened with, so that a case never changes its channel.
        """
        names = [f"AADSTS{code}" for code in reversed(file.codes)]
        names += [f"{file.queue}/{file.severity}", f"{file.severity}/{file.language}", file.severity]
        names += [f"{file.queue}/{file.language}", file.queue, file.language]
        return next((self._channels[name] for name in names if name in self._channels), self._channel)

    def has(self, file: CaseFile, channel: str, *, moved: bool) -> bool:
        """Whether the people of a channel may act on a case; `moved`: it went to the second one, too."""
        return bool(channel) and (channel == self.channel(file) or (moved and channel == self.second))

    def all(self) -> tuple[str, ...]:
        """Every channel there is, once."""
        found = (self._channel, *self._channels.values(), self.second)
        return tuple(dict.fromkeys(each for each in found if each))
