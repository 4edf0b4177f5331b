"""A ticket system tried out with one ticket from its filing to its end, as a case would have it.

What `TicketSystem.check` asks leaves nothing behind, and so cannot know whether a ticket is really taken,
found again and closed. This can, and leaves one resolved ticket behind, which says that it was a test.

Must not know: any one ticket system, how findings are shown.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bot.address import Person
from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from bot.store.api import CaseRecord
from bot.tickets.api import File, Finding, Ticket, TicketSystem, Update
from dialogs.case import CaseFile
from dialogs.text import Text

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_AUTHOR: Final = "handrail doctor"
_SAYS: Final = "This is a test by `handrail doctor`. Nobody needs help; it is resolved at once."
_MEND: Final = "Mend that, and try again; the checks above say what the user of Handrail needs there."
# Some systems search in an index that is behind; a case's retry would come as late, or later.
_LOOKS: Final = 6
_BETWEEN: Final = 5.0  # seconds


def trial_number() -> str:
    """A number that no case gets: those have four letters or seven."""
    return "HR-TEST" + "".join(secrets.choice(_LETTERS) for _ in range(6))


async def tried_out(
    system: TicketSystem,
    *,
    number: str = "",
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.time,
) -> tuple[Finding, ...]:
    """File a ticket, find it, write on it, put a file to it, resolve it; what was seen, never an exception.

    Everything that can be told twice is told twice, as after a lost answer: it must be there once.

    Args:
        system: Where; it gets one ticket, which stays.
        number: Of the ticket; a new one by default.
        pause: Waits, in seconds.
        now: Seconds since 1970.
    """
    trial = _Trial(system, number or trial_number(), pause, round(now()))
    try:
        await trial.run()
    except (DeliveryFailed, DeliveryPostponed, DeliveryRefused, _NotAsPromised) as error:
        return (*trial.found, Finding("failed", f"{trial.doing}: {error}", trial.remedy()))
    return tuple(trial.found)


class _NotAsPromised(Exception):  # noqa: N818  a finding, not a mistake of ours
    """The system took what it was told, and it is not there."""


class _Trial:
    def __init__(
        self, system: TicketSystem, number: str, pause: Callable[[float], Awaitable[None]], at: int
    ) -> None:
        self._system = system
        self._number = number
        self._pause = pause
        self._at = at
        self._reference = ""
        self.doing = ""
        self.found: list[Finding] = []

    async def run(self) -> None:
        self.doing = "looking for a ticket that is not there"
        if (there := await self._system.find(self._number)) is not None:
            raise _NotAsPromised(f"it found {there}")
        since = (await self._system.changes("")).cursor if self._system.polled else ""
        self.doing = "filing a ticket"
        self._reference = await self._system.create(
            Ticket(
                key=self._number,
                title=f"{self._number} · test, please ignore",
                body=_SAYS,
                record=_record(self._number, self._at),
            )
        )
        looked = self._reference != self._number  # what has no reference of its own (mail) cannot be asked
        if looked:
            self.doing = f"finding ticket {self._reference} again"
            await self._find()
        note = self._update(1, "A note for the helpdesk only.")
        for self.doing in ("writing a note", "writing it a second time, which must change nothing"):
            await self._system.update(self._reference, note)
        file = File(
            key=f"{self._number}/2", name="test.txt", media_type="text/plain", content=_SAYS.encode() + b"\n"
        )
        for self.doing in ("putting a file to it", "putting it there a second time"):
            await self._system.attach(self._reference, file)
        self.doing = "resolving it"
        await self._system.update(self._reference, self._update(3, _SAYS, resolved=True))
        if self._system.polled:
            self.doing = "asking for news, of which our own must be none"
            news = await self._system.changes(since)
            if ours := [each.kind for each in news.found if each.number == self._number]:
                raise _NotAsPromised(
                    f"it told {', '.join(ours)}; does anybody else work there as Handrail's user,"
                    " or a rule of yours change new tickets?"
                )
        did = f"filed, {'found again, ' if looked else ''}written on, given a file and resolved"
        self.found.append(
            Finding("ok", f"ticket {self._reference} was {did}; it is {self._number}, and stays there")
        )

    def remedy(self) -> str:
        """What to do now."""
        if not self._reference:
            return _MEND
        return f"{_MEND} Ticket {self._reference} ({self._number}) stays there: close it by hand."

    async def _find(self) -> None:
        for look in range(_LOOKS):
            if look:
                await self._pause(_BETWEEN)
            there = await self._system.find(self._number)
            if there == self._reference:
                if look:
                    late = f"a new ticket is found only after {look * _BETWEEN:.0f} seconds or so"
                    self.found.append(Finding("warning", late, "A retry within that time may file it twice."))
                return
            if there is not None:
                raise _NotAsPromised(f"it found {there} in its place")
        raise _NotAsPromised(f"it is not found after {(_LOOKS - 1) * _BETWEEN:.0f} seconds")

    def _update(self, nth: int, body: str, *, resolved: bool = False) -> Update:
        return Update(
            key=f"{self._number}/{nth}",
            number=self._number,
            public=False,
            author=_AUTHOR,
            body=body,
            at=self._at,
            status="resolved" if resolved else None,
        )


def _record(number: str, at: int) -> CaseRecord:
    file = CaseFile(
        number=number, queue="test", guide="", title=Text("bot/no-guide"), language="en", content="",
        started_at=at, opened_at=at,
    )  # fmt: skip
    return CaseRecord(
        number=number, conversation="", status="open", opened_at=at, changed_at=at,
        person=Person(name=_AUTHOR), file=file,
    )  # fmt: skip
