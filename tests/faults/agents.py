"""Somebody of the helpdesk, in the thread of one case: presses the buttons of its card and reads its lines.

Must not know: what the person does meanwhile.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.faults.deeds import Claim, Spoken
from tests.support.cloud import DROP

if TYPE_CHECKING:
    from tests.faults.people import People


class Agent:
    """One of them, Ada, and one `case`."""

    def __init__(self, people: "People", http: aiohttp.ClientSession, case: str, conversation: str) -> None:
        self._people = people
        self._http = http
        self.case = case
        self._conversation = conversation
        self._world = people.world
        self._urgent: bool | None = None  # as they have said last

    async def claims(self) -> None:
        """Take the case."""
        await self._does("claimed", "Claim")

    async def asks(self, question: str) -> None:
        """Ask the person."""
        await self._does("asked", "Send it", question, ask=question)

    async def resolves(self, solution: str) -> None:
        """Close the case."""
        await self._does("resolved", "Resolve", solution, resolve=solution)

    async def grades(self, times: int) -> None:
        """Say so often by turns that it is urgent, and that it is not any more.

        Each time on a card that shows the last: to say the same again is no news.
        """
        if self._urgent is None:
            await self._until(lambda: bool(self._button("Make urgent") or self._button("Not urgent")))
            self._urgent = self._button("Not urgent") is not None
        for _ in range(times):
            await self._does(*("normal", "Not urgent") if self._urgent else ("urgent", "Make urgent"))
            self._urgent = not self._urgent

    async def sees(self, words: str) -> None:
        """Wait for a line in the newest thread of the case; a card whose answer got lost has none."""
        told, threads = self._world.told, self._world.threads
        await self._until(lambda: any(words in each for each in told[threads[self.case][0]]))

    def has(self, name: str) -> bool:
        """Whether the card names this file."""
        thread, _ = self._world.threads.get(self.case, ("", {}))
        return name in self._world.cards.get(thread, "")

    def was_sent(self, name: str) -> bool:
        """Whether a line says that this file has come."""
        thread, _ = self._world.threads.get(self.case, ("", {}))
        return any(name in each and " sent " in each for each in self._world.told[thread])

    async def _does(self, what: str, title: str, said: str = "", **fields: str) -> None:
        await self._presses(title, **fields)
        spoken = Spoken(case=self.case, conversation=self._conversation, what=what, words=said)
        self._people.deeds.spoken.append(spoken)

    async def _presses(self, title: str, **words: str) -> None:
        """Press a button of the newest card, with words in its fields, as soon as there is one."""
        await self._until(lambda: self._button(title) is not None)
        data = self._button(title)
        assert data is not None
        fields = {f"{name}-{self.case}-{data['handrail']['seen']}": said for name, said in words.items()}
        action = {"type": "Action.Execute", "verb": "go", "data": {**data, **fields}}
        cloud, thread = self._world.cloud, self._world.threads[self.case][0]
        activity = cloud.activity(
            **{
                "serviceUrl": self._world.service_url,
                "conversation": {"id": thread, "conversationType": "channel", "tenantId": cloud.tenant},
                "from": {
                    "id": "29:ada",
                    "name": "Ada",
                    "aadObjectId": "aaaaaaaa-0000-4000-8000-000000000001",
                },
                "type": "invoke",
                "name": "adaptiveCard/action",
                "value": {"action": action, "trigger": "manual"},
                "text": DROP,
                "entities": DROP,
            }
        )
        await self._people.deliver(self._http, activity)
        self._people.deeds.claims.append(Claim(conversation=self._conversation))

    def _button(self, title: str) -> dict[str, Any] | None:
        """What a button of the newest card sends; None when it has no such button."""
        _, card = self._world.threads.get(self.case, ("", {}))
        return next((each["data"] for each in actions(card) if each["title"] == title), None)

    async def _until(self, seen: Callable[[], bool]) -> None:
        async with self._people.patience(f"the agent of {self.case} waits"):
            await self._world.until(seen)


def actions(part: Any) -> list[dict[str, Any]]:
    """The buttons of a card that send something."""
    if isinstance(part, dict):
        own = [part] if part.get("type") == "Action.Execute" else []
        return own + [each for key, value in part.items() if key != "fallback" for each in actions(value)]
    return [each for value in part for each in actions(value)] if isinstance(part, list) else []
