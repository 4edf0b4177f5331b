"""A disk that fails when told, under a real process: the library `tests/faults/disk.c` and its control."""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "faults" / "disk.c"
_FIELDS = ("seen", "first", "many", "error", "torn", "reads", "fired", "delay_ms")
_LIBRARY = "disk.so"
_FOR_EVER = 2**31 - 1


class Disk:
    """What the disk below `folder` does. A process that is started with `environment()` is on it."""

    def __init__(self, folder: Path, control: Path) -> None:
        """Take it in hand.

        Args:
            folder: Whose files are the disk.
            control: The file through which it is told; the library and the journal are beside it.
        """
        self.folder = folder
        self.journal = control.with_name("journal")
        self._control = control
        with control.open("r+b") as file:
            self._told = mmap.mmap(file.fileno(), 0)

    @classmethod
    def made(cls, folder: Path) -> "Disk":
        """A new disk, in `folder`/disk.

        Raises:
            FileNotFoundError: There is no C compiler to make the library with.
        """
        compiler = shutil.which("cc")
        if compiler is None:
            raise FileNotFoundError("no C compiler (cc)")
        disk, tools = folder / "disk", folder / "tools"
        disk.mkdir()
        tools.mkdir()
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(tools / _LIBRARY), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        control = tools / "control"
        control.write_bytes(bytes(4 * len(_FIELDS)))
        return cls(disk, control)

    @classmethod
    def under_us(cls) -> "Disk | None":
        """The disk that this very process was put on."""
        if "DISK_FOLDER" not in os.environ:
            return None
        return cls(Path(os.environ["DISK_FOLDER"]), Path(os.environ["DISK_CONTROL"]))

    def environment(self, *, journal: bool = False) -> dict[str, str]:
        """The environment variables that put a process on this disk, and note what it does if asked."""
        noted = {"DISK_JOURNAL": str(self.journal)} if journal else {}
        where = {"DISK_FOLDER": str(self.folder), "DISK_CONTROL": str(self._control)}
        library = str(self._control.with_name(_LIBRARY))
        return {"LD_PRELOAD": library, **where, **noted}

    def fail(
        self, error: int, *, at: int = 1, many: int = _FOR_EVER, torn: bool = False, reads: bool = False
    ) -> None:
        """Let calls fail from now on.

        Args:
            error: With which errno.
            at: The first one, counted from 1.
            many: How many from there on.
            torn: Of the first one, if it is a write, half is done before the error.
            reads: Reads fail, instead of everything that changes a file.
        """
        self._tell(first=0)  # nothing fails while the rest is told
        self._tell(many=many, error=error, torn=torn, reads=reads, fired=0, seen=0)
        self._tell(first=at)

    def heal(self) -> None:
        """From now on nothing fails. What was counted stays."""
        self._tell(first=0)

    def slow(self, seconds: float) -> None:
        """Let each sync take so long."""
        self._tell(delay_ms=int(seconds * 1000))

    @property
    def fired(self) -> int:
        """How many calls have failed since `fail`."""
        return self._value("fired")

    @property
    def seen(self) -> int:
        """How many calls have counted since `fail`."""
        return self._value("seen")

    def _tell(self, **values: int) -> None:
        for name, value in values.items():
            struct.pack_into("=i", self._told, 4 * _FIELDS.index(name), value)

    def _value(self, name: str) -> int:
        value: int = struct.unpack_from("=i", self._told, 4 * _FIELDS.index(name))[0]
        return value


def disk_or_skip(folder: Path) -> Disk:
    """A new disk; on a machine without a C compiler the test is skipped."""
    try:
        return Disk.made(folder)
    except FileNotFoundError as error:
        pytest.skip(f"a disk that fails is a library in C: {error}")
