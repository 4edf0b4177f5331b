"""Runs a real ticket system as a process of its own, on a port that it prints.

Must not know: any one system.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.helpdesks.real.installed import python_of

_HERE = Path(__file__).parent


@contextmanager
def running(name: str, program: str, home: Path) -> Iterator[str]:
    """The address of a system that starts with nothing in it and is stopped at the end."""
    python = python_of(name)
    if python is None:
        pytest.skip(f"no {name} here: python -m tests.support.helpdesks.real.installed")
    with subprocess.Popen(
        [str(python), str(_HERE / program), str(home)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdecimal(), f"{name} did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
