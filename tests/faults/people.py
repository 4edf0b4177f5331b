"""People who talk to bots that die: they say and press things, and say them again until they are taken.

As Teams does, whoever gets no 2xx sends the same activity again. What was acknowledged is written down here:
these are the claims that the books are held against.
"""

import asyncio
import contextlib
import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from tests.faults.replicas import Replica
from tests.faults.world import World, prompt_of
from tests.support.cloud import DROP
from tests.support.whole import CHANNEL

_PATIENCE = 1800.0  # seconds until a screen that does not come is taken for lost; deaths in a row delay it
_ASKS = aiohttp.ClientTimeout(total=15)  # Teams' own
_CASE = re.compile(r"HR-[0-9A-Z]{4,7}")
_LONGEST_WALK = 4  # screens of a guide before somebody wants a person


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was acknowledged. `event` is its id if something was said, "" for a press."""

    conversation: str
    event: str = ""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with a case and acknowledged. `what` is as in the case's log."""

    case: str
    conversation: str  # of its person
    what: str
    words: str = ""


class StuckError(AssertionError):
    """Somebody waits for a screen that does not come."""


class People:
    """Everybody who talks, one after the other in so many places at once.

    Attributes:
        claims: All that was acknowledged, in order.
        spoken: What of that was said between a person and the helpdesk, or done with a case, in order.
        finished: Conversations that came to their end.
        again: Posts that had to be repeated.
    """

    def __init__(
        self, world: World, alive: Callable[[], Sequence[Replica]], seed: int, *,
        helpdesk_only: bool = False, helped: float = 0.0, questions: tuple[int, int] = (1, 3),
    ) -> None:  # fmt: skip
        """Nobody talks before `talk`.

        Args:
            world: Where they talk.
            alive: The bots that listen at the moment.
            seed: What they do is drawn from it.
            helpdesk_only: Everybody wants a person at once, so that there are many tickets.
            helped: How many of the cases somebody of the helpdesk works on, from 0 to 1.
            questions: How many they ask then, from and to.
        """
        self.claims: list[Claim] = []
        self.spoken: list[Spoken] = []
        self.finished: list[str] = []
        self.again = 0
        self._world = world
        self._alive = alive
        self._chance = random.Random(seed)
        self._numbers = itertools.count(1)
        self._helpdesk_only = helpdesk_only
        self._helped = helped
        self._questions = questions
        self._token = world.cloud.token(serviceurl=world.service_url)
        self._changed = asyncio.Event()

    def somebody_is_up(self) -> None:
        """A bot listens: whoever waits for one may go on."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def talk(self, places: int, enough: Callable[[], bool]) -> None:
        """Talk at so many places side by side, until it is enough; whoever has begun comes to their end."""
        async with aiohttp.ClientSession(timeout=_ASKS) as http:

            async def place() -> None:
                while not enough():
                    await _Person(self, http, f"a:chat-{next(self._numbers)}").talk()

            async with asyncio.TaskGroup() as group:
                for _ in range(places):
                    group.create_task(place())

    async def deliver(self, http: aiohttp.ClientSession, activity: Mapping[str, Any]) -> None:
        """Post an activity until it is taken."""
        body = msgspec.json.encode(activity)
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        for attempt in itertools.count():
            self.again += attempt > 0
            changed = self._changed
            living = self._alive()
            if not living:
                await changed.wait()
                continue
            url = self._chance.choice(living).url
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with http.post(url, data=body, headers=head) as answer:
                    await answer.read()
                    if 200 <= answer.status < 300:
                        return
                    assert answer.status == 503, f"a good activity was answered with {answer.status}"
            with contextlib.suppress(TimeoutError):  # the bot is in trouble or gone: until another one comes
                async with asyncio.timeout(0.05):
                    await changed.wait()


class Agent:
    """Somebody of the helpdesk, in the thread of one case."""

    def __init__(self, people: People, http: aiohttp.ClientSession, case: str, conversation: str) -> None:
        self._people = people
        self._http = http
        self._case = case
        self._conversation = conversation
        self._world = people._world

    async def presses(self, title: str, **words: str) -> None:
        """Press a button of the newest card, with words in its fields."""
        await self._until(lambda: self._case in self._world.threads)
        thread, card = self._world.threads[self._case]
        data = next(each["data"] for each in actions(card) if each["title"] == title)
        fields = {f"{name}-{self._case}-{data['handrail']['seen']}": said for name, said in words.items()}
        action = {"type": "Action.Execute", "verb": "go", "data": {**data, **fields}}
        cloud = self._world.cloud
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
        self._people.claims.append(Claim(conversation=self._conversation))

    async def sees(self, words: str) -> None:
        """Wait for a line in the newest thread of the case; a card whose answer got lost has none."""
        told, threads = self._world.told, self._world.threads
        await self._until(lambda: any(words in each for each in told[threads[self._case][0]]))

    async def _until(self, seen: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._world.until(CHANNEL, seen)
        except TimeoutError:
            raise StuckError(f"the agent of {self._case} waits") from None


class _Person:
    """One person, one conversation."""

    def __init__(self, people: People, http: aiohttp.ClientSession, conversation: str) -> None:
        self._people = people
        self._http = http
        self._conversation = conversation
        self._world = people._world
        self._chance = people._chance
        self._said = 0
        self._prompt = ""

    async def talk(self) -> None:
        """From the first word to a ticket, or to the end of a guide."""
        if not self._people._helpdesk_only and self._chance.random() < 0.4:
            await self._say("AADSTS1000002 since this morning")
            for _ in range(self._chance.randint(0, _LONGEST_WALK)):
                if not await self._press_anything():
                    break
        await self._say("a person please")
        for _ in range(6):
            if not await self._press("Hand it over"):
                break
            if not self._shows("Hand it over"):
                break
        if self._chance.random() < self._people._helped:
            await self._helped()
        self._people.finished.append(self._conversation)

    async def _helped(self) -> None:
        """Somebody of the helpdesk takes the case and asks; each question is answered."""
        case = _CASE.search(" ".join(self._world.told[self._conversation]))
        assert case is not None, self._world.told[self._conversation]
        agent = Agent(self._people, self._http, case[0], self._conversation)
        await agent.presses("Claim")
        self._noted(case[0], "claimed")
        await self._sees("is now working on")
        for _ in range(self._chance.randint(*self._people._questions)):
            number = next(self._people._numbers)
            question, answer = f"question {number}.", f"answer {number}."
            await agent.presses("Send it", ask=question)
            self._noted(case[0], "asked", question)
            await self._sees(question)
            self._prompt = prompt_of(self._world.screens[self._conversation])
            await self._say(answer)
            self._noted(case[0], "answered", answer)
            await agent.sees(answer)
        if self._chance.random() < 0.5:
            solution = f"solution {next(self._people._numbers)}."
            await agent.presses("Resolve", resolve=solution)
            self._noted(case[0], "resolved", solution)
            await self._sees("Does it work now?")

    def _noted(self, case: str, what: str, words: str = "") -> None:
        spoken = Spoken(case=case, conversation=self._conversation, what=what, words=words)
        self._people.spoken.append(spoken)

    async def _sees(self, words: str) -> None:
        told, here = self._world.told, self._conversation
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._world.until(here, lambda: any(words in each for each in told[here]))
        except TimeoutError:
            raise StuckError(f"{here} waits for “{words}”") from None

    async def _say(self, words: str) -> None:
        self._said += 1
        await self._event({"type": "message", "text": words}, words)

    async def _press(self, title: str) -> bool:
        """Press the button if it is there; skip what is asked before it."""
        for wanted in (title, "Skip this"):
            for action in actions(self._world.screens[self._conversation]):
                if action.get("title") == wanted:
                    await self._click(action["data"])
                    return True
        return False

    def _shows(self, title: str) -> bool:
        return any(
            action.get("title") in {title, "Skip this"}
            for action in actions(self._world.screens[self._conversation])
        )

    async def _press_anything(self) -> bool:
        card = self._world.screens[self._conversation]
        offered = [
            each["data"]
            for each in actions(card)
            if each.get("data", {}).get("handrail", {}).get("does") == "chose"
        ]
        if not offered:
            return False
        data = self._chance.choice(offered)
        if not data["handrail"].get("option"):
            data = {**data, **{name: self._chance.choice(values) for name, values in inputs(card).items()}}
        await self._click(data)
        return True

    async def _click(self, data: Mapping[str, Any]) -> None:
        action = {"type": "Action.Execute", "verb": "go", "data": dict(data)}
        value = {"action": action, "trigger": "manual"}
        await self._event({"type": "invoke", "name": "adaptiveCard/action", "value": value, "text": DROP}, "")

    async def _event(self, fields: Mapping[str, Any], words: str) -> None:
        """One event: delivered, claimed, and its screen seen."""
        world = self._world
        activity = world.cloud.activity(
            **{
                "serviceUrl": world.service_url,
                "conversation": {
                    "id": self._conversation, "conversationType": "personal", "tenantId": world.cloud.tenant,
                },
                "entities": DROP,
                "locale": "en-GB",
                **fields,
            }
        )  # fmt: skip
        await self._people.deliver(self._http, activity)
        event = f"activity/{activity['id']}" if words else ""
        self._people.claims.append(Claim(conversation=self._conversation, event=event))
        try:
            async with asyncio.timeout(_PATIENCE):
                self._prompt, _ = await world.next_screen(self._conversation, self._prompt)
        except TimeoutError:
            shown = prompt_of(world.screens.get(self._conversation))
            raise StuckError(
                f"{self._conversation} waits for what comes after {shown or 'nothing'}"
            ) from None


def actions(part: Any) -> list[dict[str, Any]]:
    """The buttons of a card that send something."""
    if isinstance(part, dict):
        own = [part] if part.get("type") == "Action.Execute" else []
        return own + [each for key, value in part.items() if key != "fallback" for each in actions(value)]
    return [each for value in part for each in actions(value)] if isinstance(part, list) else []


def inputs(part: Any) -> dict[str, list[str]]:
    """The lists of choices of a card, by the name of their field."""
    if isinstance(part, dict):
        own = {}
        if part.get("type") == "Input.ChoiceSet":
            own = {part["id"]: [choice["value"] for choice in part["choices"]]}
        return own | {name: found for value in part.values() for name, found in inputs(value).items()}
    found: dict[str, list[str]] = {}
    for value in part if isinstance(part, list) else ():
        found |= inputs(value)
    return found
