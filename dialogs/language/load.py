"""The content folder from the disk: the one file of the guide language that reads files.

It must not know what is in them (`dialogs.language.compile` does).
"""

from pathlib import Path
from typing import Final

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import Diagnostic, Report, Span
from dialogs.language.source import LARGEST
from dialogs.library import Library

MOST_FILES: Final = 5_000
_ENDINGS = (".yaml", ".yml")


class NoContent(Exception):  # noqa: N818  an answer for the operator, not a fault
    """The content folder is not there, or cannot be content."""


def read_folder(folder: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """The files of a content folder: path below it, with forward slashes -> text.

    Hidden files and folders are passed over; a file that cannot be read is a problem, and the rest is read.

    Raises:
        NoContent: The folder is missing, is no folder, has no YAML or far too many files.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise NoContent(f"the content folder {folder} {what}; set HANDRAIL_CONTENT or give the right path")
    paths = _paths(folder)
    if not paths:
        raise NoContent(f"the content folder {folder} has no YAML file; guides belong to {folder / 'guides'}")
    if len(paths) > MOST_FILES:
        raise NoContent(
            f"the content folder {folder} has {len(paths):,} YAML files; {MOST_FILES:,} are allowed"
        )
    files: dict[str, str] = {}
    found: list[Diagnostic] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        text, problems = read_file(path, name)
        found += problems
        if text is not None:
            files[name] = text
    return files, found


def stamp(folder: Path) -> str:
    """Something that is another after every change of a file that `read_folder` reads; never raises."""
    seen = []
    try:
        for path in _paths(folder):
            status = path.stat()
            seen.append((str(path), status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError as error:
        return repr(error)
    return repr(seen)


def _paths(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def read_file(path: Path, name: str) -> tuple[str | None, list[Diagnostic]]:
    """The text of one file, called `name` in messages; None with a problem where it cannot be read."""
    report = Report(name)
    try:
        if not path.is_file():
            report.error("G001", Span(), "this is not a file")
        elif path.stat().st_size > LARGEST * 4:  # bytes; no character takes more than four
            report.error(
                "G002", Span(), f"the file has {path.stat().st_size:,} bytes; {LARGEST:,} are allowed"
            )
        else:
            data = path.read_bytes()
            try:
                return data.decode("utf-8-sig"), []
            except UnicodeDecodeError as error:
                before = data[: error.start]
                column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
                report.error(
                    "G001", Span(before.count(b"\n") + 1, column), "the file is not UTF-8", "save it as UTF-8"
                )
    except OSError as error:
        report.error("G001", Span(), f"the file cannot be read: {error.strerror or 'no reason given'}")
    return None, report.found


def load(folder: Path) -> tuple[Library, tuple[Diagnostic, ...]]:
    """Read and compile a content folder.

    Returns:
        The library of what is sound, and every problem with its path below the folder, sorted.

    Raises:
        NoContent: As `read_folder`.
    """
    files, found = read_folder(folder)
    library, more = compile_content(files)
    return library, tuple(sorted([*found, *more], key=lambda each: each.order))
