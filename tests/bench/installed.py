"""The peers: what each is, and an environment of its own for each, made once and kept below `var/bench`.

Must not know: how a peer is measured.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

_HERE: Final = Path(__file__).parent / "peers"
_HOME: Final = Path(__file__).parents[2] / "var" / "bench" / "environments"
_QUIET: Final = ("--disable-pip-version-check", "--quiet")


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A bot to compare with.

    Attributes:
        name: What it is called on the command line.
        label: What people read.
        environment: The file in `peers/requirements` (or "node") that it runs on; "" for our own environment.
        program: Its file, or its folder for Node.
        settings: What it is told besides where the cloud is.
    """

    name: str
    label: str
    environment: str
    program: str
    settings: tuple[str, ...] = ()

    def argv(self) -> Sequence[str]:
        """The program and its arguments, once its environment is there.

        Raises:
            RuntimeError: What it runs on is not on this machine.
            subprocess.SubprocessError, OSError: Its libraries could not be installed.
        """
        if self.environment == "node":
            return ("/usr/bin/env", *self.settings, *_node(self.program))
        python = _python(self.environment) if self.environment else sys.executable
        return ("/usr/bin/env", *self.settings, python, str(_HERE / self.program))


PEERS: Final = (
    Peer(name="stock", label="botbuilder-python 4.17, its sample's echo", environment="stock",
         program="stock_echo.py"),
    Peer(name="waterfall", label="botbuilder-python 4.17, a waterfall with its memory", environment="stock",
         program="stock_waterfall.py"),
    Peer(name="stock-tuned", label="botbuilder-python 4.17, an echo, tuned", environment="stock",
         program="stock_tuned.py"),
    Peer(name="agents", label="Microsoft 365 Agents SDK 1.9, an echo", environment="agents",
         program="agents_echo.py"),
    Peer(name="teams", label="Teams SDK 2.1, an echo", environment="teams", program="teams_echo.py"),
    Peer(name="node", label="botbuilder 4.23 for Node, an echo", environment="node", program="node_echo"),
    Peer(name="floor", label="bare aiohttp, an echo", environment="", program="floor.py"),
    Peer(name="floor-fast", label="bare aiohttp, an echo, tuned", environment="", program="floor.py",
         settings=("FAST=1",)),
    Peer(name="floor-kept", label="the same, which keeps its turns and changes its messages", environment="",
         program="floor.py", settings=("FAST=1", "KEPT=kept.db")),
)  # fmt: skip


def _python(name: str) -> str:
    """The interpreter of a virtual environment with exactly the libraries of a requirements file."""
    wanted = (_HERE / "requirements" / f"{name}.txt").read_text("utf-8")
    folder = _HOME / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    if not done.exists() or done.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        listed = _HERE / "requirements" / f"{name}.txt"
        install = [str(python), "-m", "pip", "install", *_QUIET, "--no-deps", "-r", str(listed)]
        subprocess.run(install, check=True)
        done.write_text(wanted, "utf-8")
    return str(python)


def _node(program: str) -> Sequence[str]:
    """Node, and the program beside the packages that it names."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise RuntimeError("Node is not on the path")
    folder, source = _HOME / program, _HERE / program
    done = folder / "installed.json"
    wanted = (source / "package.json").read_text("utf-8")
    if not done.exists() or done.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(source / "package.json", folder)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--silent")
        subprocess.run([npm, "install", "--prefix", str(folder), *quiet], check=True)
        done.write_text(wanted, "utf-8")
    shutil.copy(source / "index.js", folder)
    return (node, str(folder / "index.js"))
