"""Every file is one idea: short, with a word on what it is for, and free of what has no place in it."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400  # lines; past that a file is two ideas
NOT_OURS = frozenset({".venv", ".git", "node_modules", "__pycache__", "var", ".hypothesis", "dist", "build"})
MODULES = tuple(sorted(path for folder in ("bot", "dialogs") for path in (ROOT / folder).rglob("*.py")))
READS_FILES = ROOT / "dialogs" / "language" / "load.py"
# Places that packages come from; put together here, so that this file names none itself.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("rubygems", "org"),
    )
)


def name(path: Path) -> str:
    """A file as people write it."""
    return path.relative_to(ROOT).as_posix()


def ours() -> Iterator[Path]:
    """Every file of the project that is text."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in NOT_OURS and (each == ".ci" or each[0] != ".")]
        yield from (Path(folder) / each for each in sorted(files) if Path(each).suffix not in {".png", ".db"})


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_one_idea(path: Path) -> None:
    """Nobody has to scroll for long, and the first sentence says what it is for."""
    text = path.read_text("utf-8")

    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)) or not text.strip()


def test_the_engine_reads_files_in_one_place() -> None:
    """Content comes through `dialogs/language/load.py`; nothing else opens, logs or prints."""
    found = []
    for path in (each for each in MODULES if name(each).startswith("dialogs/") and each != READS_FILES):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"open", "print"}
            ):
                found.append(f"{name(path)}:{node.lineno} {node.func.id}()")
            if isinstance(node, ast.Attribute) and node.attr in {"read_text", "read_bytes", "write_text"}:
                found.append(f"{name(path)}:{node.lineno} {node.attr}")
            if isinstance(node, ast.Import | ast.ImportFrom):
                taken = [each.name for each in node.names] + [getattr(node, "module", None) or ""]
                found += [
                    f"{name(path)}:{node.lineno} {each}"
                    for each in taken
                    if each in {"logging", "os", "structlog"}
                ]

    assert found == []


def test_the_architecture_names_every_room() -> None:
    """Every folder on the first two floors is on the map."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rooms = [
        f"{name(path)}/"
        for folder in ("bot", "dialogs", "")
        for path in sorted((ROOT / folder).iterdir())
        if path.is_dir() and not path.name.startswith((".", "__")) and path.name not in NOT_OURS
    ]

    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_no_file_names_where_packages_come_from() -> None:
    """Whoever builds the project chooses their own registry; a lock file pins by hash, not by place."""
    named = [
        f"{name(path)}: {host}"
        for path in ours()
        for host in REGISTRIES
        if host in path.read_text("utf-8", errors="replace")
    ]

    assert named == []
