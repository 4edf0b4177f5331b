"""Environments for the real ticket systems, apart from ours and kept below `var/helpdesks`.

    python -m tests.support.helpdesks.real.installed      # makes those that are not there

Tests only use what is there: without the network they say why they are skipped.
Must not know: how a system is run.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_HOME: Final = Path(__file__).parents[4] / "var" / "helpdesks"
NAMES: Final = tuple(sorted(each.stem for each in (_HERE / "requirements").glob("*.txt")))
"""What can be installed."""


def _wanted(name: str) -> str:
    return (_HERE / "requirements" / f"{name}.txt").read_text("utf-8")


def python_of(name: str) -> Path | None:
    """The interpreter that has this system, with exactly the libraries of its requirements; None without."""
    folder = _HOME / name
    done = folder / "installed.txt"
    there = done.exists() and done.read_text("utf-8") == _wanted(name)
    return folder / "bin" / "python" if there else None


def install(name: str) -> None:
    """Make the environment.

    Raises:
        subprocess.SubprocessError, OSError: Its libraries could not be installed.
    """
    folder = _HOME / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    quiet = ("--disable-pip-version-check", "--quiet", "--no-deps")
    listed = _HERE / "requirements" / f"{name}.txt"
    subprocess.run(
        [str(folder / "bin/python"), "-m", "pip", "install", *quiet, "-r", str(listed)], check=True
    )
    (folder / "installed.txt").write_text(_wanted(name), "utf-8")


if __name__ == "__main__":
    for each in NAMES:
        if python_of(each) is None:
            install(each)
        print(f"{each}: {python_of(each)}")
