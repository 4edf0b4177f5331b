"""One person in one conversation: talks, presses, sends files, and answers the helpdesk.

Must not know: how what they do is delivered.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec

from tests.faults.agents import Agent, actions
from tests.faults.deeds import Claim, SentFile, Spoken
from tests.faults.world import prompt_of
from tests.support.cloud import DROP

if TYPE_CHECKING:
    from tests.faults.people import People

_CASE: Final = re.compile(r"HR-[0-9A-Z]{4,7}")
_LONGEST_WALK: Final = 4  # screens of a guide before somebody wants a person
_ENDS: Final = {"Good. If it comes back": "solved", "Stopped. Nothing was sent": "stopped"}
"""What is shown at the end of a session, and how it has ended then."""


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What people do, and how often; from 0 to 1 where nothing else is said.

    Attributes:
        helpdesk_only: Everybody wants a person at once, so that there are many tickets.
        helped: Of the cases: somebody of the helpdesk works on it.
        questions: How many they ask then, from and to.
        graded: Of the moments when the helpdesk may say how pressing a case is.
        files: Of the moments when a person may send a file.
        gone: Of the files: its link has run out.
    """

    helpdesk_only: bool = False
    helped: float = 0.0
    questions: tuple[int, int] = (1, 3)
    graded: float = 0.0
    files: float = 0.0
    gone: float = 0.0


class Person:
    """One person, one conversation."""

    def __init__(self, people: "People", http: aiohttp.ClientSession, conversation: str) -> None:
        self._people = people
        self._habits = people.habits
        self._http = http
        self._conversation = conversation
        self._world = people.world
        self._chance = people.chance
        self._prompt = ""
        self._over = ""  # as what the session has ended, until something begins anew
        self._on_the_way: list[str] = []  # files of which it is not known what became of them

    async def talk(self) -> None:
        """From the first word to a ticket, or to the end of a guide."""
        wanted = True
        if not self._habits.helpdesk_only and self._chance.random() < 0.4:
            wanted = await self._walk()
        if wanted:
            await self._wants_a_person()
        self._people.finished.append(self._conversation)

    async def _walk(self) -> bool:
        """Go through a guide, perhaps to an end of it; whether the helpdesk is wanted after that."""
        await self._say("AADSTS1000002 since this morning")
        for _ in range(self._chance.randint(0, _LONGEST_WALK)):
            if not await self._press_anything():
                break
        if "Done: HR-" in self._told():
            return True
        if self._chance.random() < 0.5:
            await self._say(self._chance.choice(["it works now", "stop"]))
        for said in self._world.told[self._conversation]:
            self._over = next((ended for words, ended in _ENDS.items() if words in said), self._over)
        match self._chance.choice(["leaves", "begins anew", "goes on", "stays"]) if self._over else "":
            case "leaves":
                self._begins_anew()
                return False
            case "begins anew":
                self._begins_anew()
                await self._say("restart")
            case "goes on":
                await self._say("it is back")
                await self._say("Go on from there")
                self._over = ""
        return True

    def _begins_anew(self) -> None:
        """What has ended has ended."""
        if self._over:
            self._people.deeds.ended.append(self._over)
        self._over = ""

    async def _wants_a_person(self) -> None:
        """Hand it over, with files that are sent before; somebody may help then, or nobody."""
        if self._sends_now() and "Done: HR-" not in self._told():
            self._begins_anew()
            await self._event({"type": "message", "text": "", **self._files(2)})
        await self._say("a person please")
        for _ in range(6):
            if self._sends_now() and self._shows("Hand it over"):
                await self._event({"type": "message", "text": "", **self._files(1)})
            if not await self._press("Hand it over"):
                break
            if not self._shows("Hand it over"):
                break
        case = _CASE.search(self._told())
        assert case is not None, self._told()
        self._people.deeds.ended.append("escalated")
        agent = Agent(self._people, self._http, case[0], self._conversation)
        if self._sends_now():
            await self._post({"type": "message", "text": "", **self._files(2)})
        if self._chance.random() < self._habits.helped:
            await self._helped(agent)
        elif self._sends_now():
            await self._post({"type": "message", "text": "", **self._files(1)})

    async def _helped(self, agent: Agent) -> None:
        """Somebody of the helpdesk takes the case and asks; each question is answered."""
        await self._graded(agent)
        await agent.claims()
        await self._sees("is now working on")
        for _ in range(self._chance.randint(*self._habits.questions)):
            await self._graded(agent)
            await self._arrived(agent)  # or it would count as the answer
            question = f"question {self._number()}."
            await agent.asks(question)
            await self._sees(question)
            self._prompt = prompt_of(self._world.screens[self._conversation])
            await self._answers(agent)
        if self._sends_now():
            await self._post({"type": "message", "text": "", **self._files(1)})
        await self._graded(agent)
        if self._chance.random() < 0.5:
            await agent.resolves(f"solution {self._number()}.")
            await self._sees("Does it work now?")

    async def _answers(self, agent: Agent) -> None:
        """In words, with a file, or with both; when the file does not get through, in words after all."""
        if self._sends_now():
            files = self._files(1)
            name = self._on_the_way[-1]
            if self._chance.random() < 0.5:
                await self._post({"type": "message", "text": "", **files})
                async with self._people.patience(f"{self._conversation} waits for what becomes of {name}"):
                    await self._world.until(lambda: agent.was_sent(name) or self._was_lost(name))
                if not self._was_lost(name):
                    return
                files = {}
        else:
            files = {}
        answer = f"answer {self._number()}."
        await self._event({"type": "message", "text": answer, **files})
        self._noted(agent, "answered", answer)
        await agent.sees(answer)

    async def _graded(self, agent: Agent) -> None:
        """Perhaps somebody says how pressing it is."""
        if self._chance.random() < self._habits.graded:
            await agent.grades(self._chance.randint(1, 3))

    def _noted(self, agent: Agent, what: str, words: str) -> None:
        spoken = Spoken(case=agent.case, conversation=self._conversation, what=what, words=words)
        self._people.deeds.spoken.append(spoken)

    def _number(self) -> int:
        return next(self._people.numbers)

    # ---- files

    def _sends_now(self) -> bool:
        return self._chance.random() < self._habits.files

    def _files(self, most: int) -> dict[str, Any]:
        """So many files at most, as a field of an activity."""
        drive = self._world.drive
        new = [drive.new(self._habits.gone) for _ in range(self._chance.randint(1, most))]
        self._on_the_way += [name for name, _ in new]
        return {"attachments": [attachment for _, attachment in new]}

    async def _arrived(self, agent: Agent) -> None:
        """Wait until it is known of each file what became of it."""

        def known(name: str) -> bool:
            return agent.has(name) or self._was_lost(name)

        async with self._people.patience(f"{self._conversation} waits for {self._on_the_way}"):
            await self._world.until(lambda: all(known(name) for name in self._on_the_way))
        self._on_the_way.clear()

    def _was_lost(self, name: str) -> bool:
        return any(f"{name} did not get through" in each for each in self._world.told[self._conversation])

    # ---- what is on the screen

    def _told(self) -> str:
        return " ".join(self._world.told[self._conversation])

    async def _sees(self, words: str) -> None:
        told, here = self._world.told, self._conversation
        async with self._people.patience(f"{here} waits for “{words}”"):
            await self._world.until(lambda: any(words in each for each in told[here]))

    async def _say(self, words: str) -> None:
        await self._event({"type": "message", "text": words})

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
        await self._event({"type": "invoke", "name": "adaptiveCard/action", "value": value, "text": DROP})

    async def _event(self, fields: Mapping[str, Any]) -> None:
        """One event, and its screen is seen."""
        await self._post(fields)
        async with self._people.patience(f"{self._conversation} waits for what comes after {self._prompt}"):
            self._prompt, _ = await self._world.next_screen(self._conversation, self._prompt)

    async def _post(self, fields: Mapping[str, Any]) -> None:
        """One event: delivered, and claimed."""
        world, deeds, here = self._world, self._people.deeds, self._conversation
        chat = {"id": here, "conversationType": "personal", "tenantId": world.cloud.tenant}
        own = {"serviceUrl": world.service_url, "conversation": chat, "entities": DROP, "locale": "en-GB"}
        activity = world.cloud.activity(**{**own, **fields})
        await self._people.deliver(self._http, activity)
        event = f"activity/{activity['id']}" if fields["type"] == "message" else ""
        deeds.claims.append(Claim(conversation=here, event=event))
        for each in fields.get("attachments", ()):
            name = each["name"]
            deeds.files.append(SentFile(conversation=here, name=name, digest=world.drive.digest(name)))


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
