"""The author's commands: check the content, draw a guide, list its paths.

Each prints to stdout and returns the exit code. They must not know settings: the content folder is given.
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from bot.errors import ContentError
from dialogs.graph import mermaid, svg
from dialogs.guide import Guide
from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import DRAFT, Diagnostic, Severity, printed, suggest
from dialogs.language.load import NoContent, load, read_file, read_folder
from dialogs.library import Library
from dialogs.paths import paths as all_paths

_FOLDERS = ("guides", "fixes", "texts")

CheckFormat: TypeAlias = Literal["text", "json"]
GraphFormat: TypeAlias = Literal["mermaid", "svg"]


class _Checked(msgspec.Struct, frozen=True):
    """What a run of checks found; `files` has the texts, for the lines that are shown."""

    diagnostics: tuple[Diagnostic, ...]
    files: Mapping[str, str]


def check(
    paths: Sequence[Path], content: Path, *, format_: CheckFormat = "text", drafts: bool = False
) -> int:
    """Check content and print what was found.

    Args:
        paths: Content folders, folders or files of one, or guides from anywhere (drafts, say), which are
            checked as if they stood in `content`; nothing: `content` itself.
        content: The content folder.
        format_: For people or for editors.
        drafts: Let the draft mark pass.

    Returns:
        0 without errors, else 1. Warnings do not count.

    Raises:
        ContentError: A path does not exist or holds nothing to check.
    """
    found: dict[Diagnostic, None] = {}
    files: dict[str, str] = {}
    for path in paths or (content,):
        checked = _check_path(path, content)
        found.update(dict.fromkeys(checked.diagnostics))
        files.update(checked.files)
    diagnostics = sorted((d for d in found if not (drafts and d.code == DRAFT)), key=lambda each: each.order)
    errors = sum(each.severity is Severity.ERROR for each in diagnostics)
    if format_ == "json":
        _write_json(
            {
                "diagnostics": diagnostics,
                "errors": errors,
                "warnings": len(diagnostics) - errors,
                "files": len(files),
            }
        )
    else:
        for each in diagnostics:
            _write(printed(each, files.get(each.path, "")) + "\n")
        counted = (len(files), "file"), (errors, "error"), (len(diagnostics) - errors, "warning")
        several, *rest = [_many(number, word) for number, word in counted]
        _write(f"{several}: {', '.join(rest)}")
    return 1 if errors else 0


def _check_path(path: Path, content: Path) -> _Checked:
    if not path.exists():
        raise ContentError(f"{path} does not exist")
    root = _root(path)
    if root is not None:
        checked = _check_root(root)
        if path == root:
            return checked
        below = path.resolve()
        mine = {name for name in checked.files if _is_below(Path(name), below)}
        return _Checked(
            tuple(d for d in checked.diagnostics if d.path in mine or _is_below(Path(d.path), below)),
            {name: checked.files[name] for name in mine},
        )
    strangers = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not strangers:
        raise ContentError(f"{path} has no YAML file to check")
    return _check_strangers(strangers, content)


def _root(path: Path) -> Path | None:
    """The content folder that `path` is or lies in."""
    if path.is_dir() and any((path / each).is_dir() for each in _FOLDERS):
        return path
    for parent in path.resolve().parents:
        if any(
            (parent / each).is_dir() and (parent / each) in (path.resolve(), path.resolve().parent)
            for each in _FOLDERS
        ):
            return parent
    if path.name == "codes.yaml" and any((path.parent / each).is_dir() for each in _FOLDERS):
        return path.parent
    return None


def _is_below(name: Path, folder: Path) -> bool:
    return name.resolve() == folder or folder in name.resolve().parents


def _check_root(root: Path) -> _Checked:
    files, unread = _read(root)
    _, found = compile_content(files)
    shown = _shown(root)
    return _Checked(
        tuple(msgspec.structs.replace(each, path=f"{shown}{each.path}") for each in [*unread, *found]),
        {f"{shown}{name}": text for name, text in files.items()},
    )


def _check_strangers(strangers: Iterable[Path], content: Path) -> _Checked:
    """Guides from anywhere, checked as if they stood beside those in `content`."""
    files, _ = _read(content)
    names: dict[str, str] = {}
    found: list[Diagnostic] = []
    for path in strangers:
        text, problems = read_file(path, str(path))
        found += problems
        if text is not None:
            name = f"guides/{path.name}" if path.name != "codes.yaml" else path.name
            files[name], names[name] = text, str(path)
    _, compiled = compile_content(files)
    found += [msgspec.structs.replace(each, path=names[each.path]) for each in compiled if each.path in names]
    return _Checked(tuple(found), {names[name]: files[name] for name in names})


def _read(folder: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    try:
        return read_folder(folder)
    except NoContent as error:
        raise ContentError(str(error)) from None


def _shown(root: Path) -> str:
    """What stands before a file's name in messages, so that a terminal can open it."""
    shown = os.path.relpath(root) if root.is_absolute() else str(root)
    shown = str(root) if shown.startswith("..") else shown
    return "" if shown == "." else f"{shown}/"


def graph(guide: str, content: Path, *, format_: GraphFormat = "mermaid", language: str = "en") -> int:
    """Print the picture of a guide. Returns 0.

    Raises:
        ContentError: There is no such guide that could be drawn.
    """
    library, found = read_content(content)
    each = find_guide(library, found, guide)
    _write(svg(each, library, language) if format_ == "svg" else mermaid(each, library, language))
    return 0


def paths(guide: str, content: Path, *, format_: CheckFormat = "text") -> int:
    """Print every path of a guide. Returns 0.

    Raises:
        ContentError: There is no such guide that could be followed.
    """
    library, diagnostics = read_content(content)
    found = all_paths(find_guide(library, diagnostics, guide), library.codes)
    if format_ == "json":
        listed = [
            {"choices": [each.words for each in path.choices], "end": path.end, "prompts": path.prompts}
            for path in found.paths
        ]
        _write_json(
            {
                "guide": found.guide,
                "paths": listed,
                "conversations": found.conversations,
                "complete": found.complete,
            }
        )
        return 0
    for path in found.paths:
        _write(
            f"{_many(path.prompts, 'prompt')}, {path.end}: " + " > ".join(each.words for each in path.choices)
        )
    cover = "cover every node and every way" if found.complete else "do NOT cover every node and every way"
    _write(f"{guide}: {len(found.paths):,} paths that {cover}; {found.conversations:,} conversations")
    return 0


def read_content(content: Path) -> tuple[Library, tuple[Diagnostic, ...]]:
    """What is sound of a content folder, and every problem.

    Raises:
        ContentError: There is no content there.
    """
    try:
        return load(content)
    except NoContent as error:
        raise ContentError(str(error)) from None


def find_guide(library: Library, found: Iterable[Diagnostic], name: str) -> Guide:
    """The guide with this id.

    Raises:
        ContentError: There is none, or it has mistakes (`found`).
    """
    if name in library.guides:
        return library.guides[name]
    path = f"guides/{name}.yaml"
    errors = [each for each in found if each.path == path and each.severity is Severity.ERROR]
    if errors:
        raise ContentError(f'the guide "{name}" has {_many(len(errors), "error")}; the first: {errors[0]}')
    raise ContentError(
        f'there is no guide "{name}"; {suggest(name, library.guides) or "the content has none"}'
    )


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _write(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")


def _write_json(value: object) -> None:
    _write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
