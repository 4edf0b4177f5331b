"""Activities sent by the clock, whether the bot keeps up or not: how long each acknowledgement takes.

The time counts from when an activity was due, so that a bot that stands still for a second is charged for all
that came in that second. Must not know: what becomes of the activities.
"""

import asyncio
import itertools
import time
from collections import Counter
from typing import Final

from tests.bench.own_bot import OwnBot, Sample, sample
from tests.bench.people import Talker, Turn, TurnFailed
from tests.bench.wire import Asking

_PEOPLE: Final = 256
_LINES: Final = 128  # connections; when all are busy the next activity waits, and its time counts
_LATE: Final = 30.0  # seconds until an acknowledgement counts as none


class _Writer(Talker):
    def message(self) -> bytes:
        """One request."""
        return self._request({"type": "message", "text": "AADSTS1000002", "textFormat": "plain"})


async def acknowledged(bot: OwnBot, rate: float, warm: float, seconds: float) -> Sample:
    """Send so many activities a second, of many people in turn.

    Raises:
        TurnFailed: Nothing was acknowledged.
    """
    writers = [_Writer(bot.cloud, bot.mail, bot.port, lambda _: None, "en-GB") for _ in range(_PEOPLE)]
    lines: asyncio.Queue[Asking] = asyncio.Queue()
    for _ in range(_LINES):
        lines.put_nowait(await Asking.connected(bot.port))
    turns: list[Turn] = []
    failed: Counter[str] = Counter()
    begin = time.perf_counter() + 0.1
    cpu = 0.0

    async def send(request: bytes, due: float) -> None:
        try:
            async with asyncio.timeout(_LATE):
                line = await lines.get()
                try:
                    if line.closed:
                        line = await Asking.connected(bot.port)
                    status, _ = await line.ask(request)
                finally:
                    lines.put_nowait(line)
        except (TimeoutError, OSError) as error:
            failed[type(error).__name__] += 1
            return
        if status not in {200, 201, 202}:
            failed[str(status)] += 1
            return
        if due >= begin + warm:
            took = time.perf_counter() - due
            turns.append(Turn(due, took, took))

    tasks = []
    for number, writer in enumerate(itertools.cycle(writers)):
        due = begin + number / rate
        if due > begin + warm + seconds:
            break
        if due >= begin + warm and not cpu:
            cpu = bot.cpu()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(writer.message(), due)))
    await asyncio.gather(*tasks)
    spent = bot.cpu() - cpu
    while not lines.empty():
        lines.get_nowait().close()
    for writer in writers:
        writer.close()
    if not turns:
        raise TurnFailed(f"nothing was acknowledged: {dict(failed)}")
    return sample(turns, spent, seconds, failed)
