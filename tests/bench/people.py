"""People who talk to a bot and wait for what it says before they go on: a closed loop.

`Player` plays the guide of a Handrail: it reads the card that arrived, presses one of its buttons, ticks,
types, and begins again as somebody else when the conversation has ended. `Talker` writes to a bot that
echoes. A turn is over when the bot has answered the request and its message has arrived at the Connector.

Must not know: which bot it is, how anything is measured but the time of a turn.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from tests.bench.cloud import APP_ID, TENANT, Cloud
from tests.bench.wire import Asking

CODE: Final = "AADSTS1000002"
_PASTED: Final = (
    "got AADSTS1000002 after login, corr id 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90",
    "Nach der Anmeldung kommt AADSTS1000002. Was soll ich tun?",
)
_WORDS: Final = ("since this morning", "seit heute früh")
_LOCALES: Final = ("en-GB", "de-DE")
_GOOD: Final = frozenset({"works", "works-now", "fixed", "switch-yes", "stopped"})
_GOOD_SHARE: Final = 0.12  # how often somebody says that it works now
_TYPED_SHARE: Final = 0.15  # how often somebody types the number of an option instead of pressing it
_LONGEST: Final = 24  # turns; then they ask for a person
_ANSWERS_WITHIN: Final = 60.0  # seconds until a turn counts as failed

_encode: Final = msgspec.json.Encoder().encode
_ids: Final = itertools.count(1)


class TurnFailed(Exception):  # noqa: N818  a result, not a mistake
    """The bot did not take the turn, or said nothing."""


class Turn(msgspec.Struct, frozen=True):
    """One turn: when it began, seconds until the request was answered, and until the message was there."""

    began: float
    answered: float
    over: float


class Someone(Protocol):
    """Whoever can take turns."""

    async def turn(self) -> None:
        """Take one."""

    def close(self) -> None:
        """Hang up."""


class Mail:
    """What arrives, by conversation."""

    def __init__(self) -> None:
        self._boxes: dict[str, asyncio.Queue[bytes]] = {}

    def arrived(self, conversation: str, activity: bytes) -> None:
        """For the cloud."""
        box = self._boxes.get(conversation)
        if box is not None:
            box.put_nowait(activity)

    def open(self, conversation: str) -> asyncio.Queue[bytes]:
        """Listen to a conversation."""
        self._boxes[conversation] = asyncio.Queue()
        return self._boxes[conversation]

    def close(self, conversation: str) -> None:
        """Listen no more."""
        self._boxes.pop(conversation, None)


class _Person:
    """A conversation with a bot, and the connection that its activities come by."""

    def __init__(
        self, cloud: Cloud, mail: Mail, port: int, heard: Callable[[Turn], None], locale: str
    ) -> None:
        self._cloud = cloud
        self._mail = mail
        self._port = port
        self._heard = heard
        self._locale = locale
        self._asking: Asking | None = None
        self._conversation = ""
        self._moves()

    def _moves(self) -> None:
        """Be somebody else from now on."""
        self._mail.close(self._conversation)
        number = next(_ids)
        self._conversation = f"a:{number}-{random.getrandbits(64):x}"
        self._box = self._mail.open(self._conversation)
        self._who = {
            "id": f"29:{self._conversation}",
            "name": f"Person {number}",
            "aadObjectId": f"0f0f0f0f-1111-4222-8333-{number:012d}",
        }

    def close(self) -> None:
        """Hang up."""
        self._mail.close(self._conversation)
        if self._asking is not None:
            self._asking.close()

    async def _take(self, **fields: Any) -> bytes:
        """One turn: what arrived."""
        request = self._request(fields)
        while not self._box.empty():  # a line that came on top of what was waited for
            self._box.get_nowait()
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                if self._asking is None or self._asking.closed:
                    self._asking = await Asking.connected(self._port)
                status, body = await self._asking.ask(request)
                answered = time.perf_counter()
                if status not in {200, 201, 202}:
                    raise TurnFailed(f"{status} {body[:200].decode(errors='replace')}")
                arrived = await self._box.get()
        except (TimeoutError, OSError) as error:
            raise TurnFailed(type(error).__name__) from None
        self._heard(Turn(began, answered - began, time.perf_counter() - began))
        return arrived

    def _request(self, fields: Mapping[str, Any]) -> bytes:
        number = next(_ids)
        body = _encode(
            {
                "id": f"1{number:015d}",
                "timestamp": "2026-11-22T09:41:07.1234567Z",
                "localTimestamp": "2026-11-22T10:41:07.1234567+01:00",
                "localTimezone": "Europe/Berlin",
                "serviceUrl": self._cloud.service_url,
                "channelId": "msteams",
                "from": self._who,
                "conversation": {
                    "id": self._conversation, "conversationType": "personal", "tenantId": TENANT,
                },
                "recipient": {"id": f"28:{APP_ID}", "name": "Handrail"},
                "entities": [
                    {
                        "type": "clientInfo", "locale": self._locale, "country": "DE", "platform": "Windows",
                        "timezone": "Europe/Berlin",
                    }
                ],
                "channelData": {"tenant": {"id": TENANT}, "source": {"name": "message"}},
                "locale": self._locale,
                **fields,
            }
        )  # fmt: skip
        head = (
            "POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Microsoft-SkypeBotApi\r\n"
            "Accept: */*\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Authorization: Bearer {self._cloud.token()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Talker(_Person):
    """Writes, and waits for the echo."""

    async def turn(self) -> None:
        """Write something."""
        text = _PASTED[self._locale == _LOCALES[1]]
        arrived = await self._take(type="message", text=text, textFormat="plain")
        if b"activity" not in arrived and b"text" not in arrived:
            raise TurnFailed("something else than an echo arrived")


class Player(_Person):
    """Plays the guide, from the pasted message to the end, and begins again as somebody else."""

    def __init__(
        self, cloud: Cloud, mail: Mail, port: int, heard: Callable[[Turn], None], locale: str, seed: int
    ) -> None:
        super().__init__(cloud, mail, port, heard, locale)
        self._chance = random.Random(seed)
        self._card: _Card | None = None
        self._turns = 0
        self._ended = False

    async def turn(self) -> None:
        """Do what a person does next."""
        if self._ended:
            self._moves()
            self._card, self._turns, self._ended = None, 0, False
        self._turns += 1
        if self._card is None:
            arrived = await self._says(_PASTED[self._locale == _LOCALES[1]])
        else:
            arrived = await self._goes_on(self._card)
        self._card = _Card.read(arrived)
        self._ended = not self._card.presses

    async def _goes_on(self, card: "_Card") -> bytes:
        if self._turns > _LONGEST and "person" in card.commands:
            return await self._presses(card.commands["person"])
        press = self._chosen(card.presses)
        option = press["handrail"].get("option")
        self._ended = press["handrail"].get("does") == "chose" and option == "handover-yes"
        if option is None:
            return await self._presses({**press, **self._filled(card)})
        if not card.field and self._chance.random() < _TYPED_SHARE:
            return await self._says(str(1 + card.presses.index(press)))
        return await self._presses(press)

    def _chosen(self, presses: list[dict[str, Any]]) -> dict[str, Any]:
        good = [each for each in presses if each["handrail"].get("option") in _GOOD]
        others = [each for each in presses if each not in good]
        if good and (not others or self._chance.random() < _GOOD_SHARE):
            return self._chance.choice(good)
        return self._chance.choice(others)

    def _filled(self, card: "_Card") -> dict[str, str]:
        if card.options:
            return {card.field: self._chance.choice(card.options)}
        if card.date:
            return {card.field: "2026-11-20"}
        return {card.field: _WORDS[self._locale == _LOCALES[1]]}

    async def _says(self, text: str) -> bytes:
        return await self._take(type="message", text=text, textFormat="plain")

    async def _presses(self, data: Mapping[str, Any]) -> bytes:
        action = {"type": "Action.Execute", "verb": "handrail", "data": data}
        value = {"action": action, "trigger": "manual"}
        return await self._take(type="invoke", name="adaptiveCard/action", value=value)


class _Card(msgspec.Struct):
    """What can be done on a screen."""

    presses: list[dict[str, Any]]
    commands: dict[str, dict[str, Any]]
    field: str = ""
    options: tuple[str, ...] = ()
    date: bool = False

    @classmethod
    def read(cls, activity: bytes) -> "_Card":
        """Out of a message that arrived."""
        found = cls([], {})
        for attachment in msgspec.json.decode(activity).get("attachments") or ():
            found._look(attachment["content"].get("body") or [])
        return found

    def _look(self, part: Any) -> None:
        if isinstance(part, list):
            for each in part:
                self._look(each)
            return
        match part.get("type", ""):
            case "Action.Execute" | "Action.Submit":
                data = part["data"]
                if data["handrail"].get("does") == "commanded":
                    self.commands[data["handrail"]["command"]] = data
                else:
                    self.presses.append(data)
            case "Input.ChoiceSet":
                self.field, self.options = part["id"], tuple(each["value"] for each in part["choices"])
            case "Input.Text" | "Input.Date" as kind:
                self.field, self.date = part["id"], kind == "Input.Date"
            case _:
                for name in ("items", "columns", "actions"):
                    if name in part:
                        self._look(part[name])


def crowd(
    people: int, cloud: Cloud, mail: Mail, port: int, heard: Callable[[Turn], None], *, echo: bool
) -> list[Someone]:
    """So many people, half of them German.

    Args:
        people: How many.
        cloud: Whose activities they send.
        mail: Where the bot's messages arrive.
        port: Where the bot is.
        heard: Told of each turn.
        echo: Whether the bot echoes; else they play the guide.
    """
    locales = [_LOCALES[each % 2] for each in range(people)]
    if echo:
        return [Talker(cloud, mail, port, heard, locale) for locale in locales]
    return [Player(cloud, mail, port, heard, locale, seed) for seed, locale in enumerate(locales)]
