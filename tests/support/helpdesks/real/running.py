"""Runs a real ticket system as a process of its own, and gives each test one that is as good as new.

A start takes seconds, so a system that a test has started is kept for the next ones of the same process, and
its databases and files are put back before each of them to how they were when it had just started.
Must not know: any one system.
"""

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.support.helpdesks.real.installed import python_of

_HERE: Final = Path(__file__).parent


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A system that runs: its address, and where it keeps everything that a test can change."""

    url: str
    databases: tuple[Path, ...]  # SQLite
    folders: tuple[Path, ...] = ()  # of files


class _Kept:
    """One that was started, and its state at that time."""

    def __init__(self, system: Running, folder: Path) -> None:
        self.system = system
        self._copies = [(each, folder / str(n)) for n, each in enumerate(system.databases)]
        self._trees = [(each, folder / f"tree-{n}") for n, each in enumerate(system.folders)]
        for live, copy in self._copies:
            _copy_database(live, copy)
        for live, copy in self._trees:
            live.mkdir(parents=True, exist_ok=True)
            shutil.copytree(live, copy)

    def put_back(self) -> None:
        """As it was. Nobody may ask it anything meanwhile."""
        for live, copy in self._copies:
            _copy_database(copy, live)
        for live, copy in self._trees:
            shutil.rmtree(live)
            shutil.copytree(copy, live)


_kept: Final[dict[str, _Kept]] = {}
_ends: Final = ExitStack()


def anew(name: str, start: Callable[[Path], AbstractContextManager[Running]]) -> Running:
    """A system with nothing in it; the first time it is started, in a folder of its own."""
    if name not in _kept:
        folder = Path(_ends.enter_context(tempfile.TemporaryDirectory(prefix=f"handrail-{name}-")))
        system = _ends.enter_context(start(folder / "home"))
        _kept[name] = _Kept(system, folder)
    _kept[name].put_back()
    return _kept[name].system


def stop_all() -> None:
    """End those that were started."""
    _kept.clear()
    _ends.close()


def _copy_database(source: Path, target: Path) -> None:
    """All pages in one transaction, which a process that has the target open sees as any other change."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


@contextmanager
def process(name: str, program: str, home: Path) -> Iterator[str]:
    """The address of a system that starts with nothing in it and is stopped at the end."""
    python = python_of(name)
    if python is None:
        pytest.skip(f"no {name} here: python -m tests.support.helpdesks.real.installed")
    with subprocess.Popen(
        [str(python), str(_HERE / program), str(home)], stdout=subprocess.PIPE, text=True
    ) as started:
        try:
            assert started.stdout is not None
            port = started.stdout.readline().strip()
            assert port.isdecimal(), f"{name} did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            started.terminate()
