"""A process that has read everything once and brings forth bots: a start of a second takes milliseconds.

It is told on its standard input what to bring forth, a line each: {"name", "env", "crash", "log", "lease"}.
On its standard output it says what becomes of them, a line each: {"name", "pid", "is": "born" | "listening" |
"ended", "port", "code"}. A bot is a fork of it with the whole of `handrail serve` in it, in a session of its
own; it can be killed like any other process. When its input ends, the nursery kills what is left and ends.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import uvloop

from bot import crash
from bot.config import Settings
from bot.content import load_content
from bot.logs import configure
from bot.server import serve
from bot.teams.pace import UNLIMITED
from dialogs.library import Library


def say(**words: Any) -> None:
    """One line, in one piece however many processes speak."""
    os.write(1, f"{json.dumps(words)}\n".encode())


def live(told: dict[str, Any], library: Library) -> None:
    """Be a bot until it is over."""
    settings = Settings.read(told["env"])
    with Path(told["log"]).open("a", encoding="utf-8") as log:
        os.dup2(log.fileno(), 2)
    configure(sys.stderr, settings.log_level)
    crash.arm(told["crash"])

    def listening(_host: str, port: int) -> None:
        say(name=told["name"], pid=os.getpid(), port=port, **{"is": "listening"})

    # Its people type faster than Teams allows a bot to answer, so Teams' limits are off.
    uvloop.run(serve(settings, listening, library=library, limits=UNLIMITED, lease=told["lease"]))


def main() -> None:
    """Bring forth what is asked for."""
    library = load_content(Settings.read({}))
    names: dict[int, str] = {}

    def mourn(*_: object) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            say(name=names.pop(pid, ""), pid=pid, code=code, **{"is": "ended"})

    signal.signal(signal.SIGCHLD, mourn)
    for line in sys.stdin:
        told = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
                os.setsid()
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                live(told, library)
                code = 0
            except BaseException:  # noqa: BLE001 - whatever it is, this process is a bot and must not go on here
                traceback.print_exc()
            finally:
                os._exit(code)
        names[pid] = told["name"]
        say(name=told["name"], pid=pid, **{"is": "born"})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in names:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
