"""The table of ARCHITECTURE.md, held by reading the imports: who may know whom, one door per neighbour."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in ("bot", "dialogs")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(tree: ast.AST) -> set[str]:
    """The modules that a file imports, also those inside functions, with what is taken from them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{each.name}" for each in node.names)
    return found


def importers(module: str) -> set[str]:
    """The files that import `module` or something in it."""
    return {
        path
        for path, tree in FILES.items()
        if any(each == module or each.startswith(f"{module}.") for each in imports(tree))
    }


def test_the_engine_knows_nothing_of_the_bot() -> None:
    """`bot` imports `dialogs`, never back."""
    assert {path for path in importers("bot") if path.startswith("dialogs/")} == set()


def test_the_engine_never_reads_guides() -> None:
    """Only the guide language's own files know it; the engine gets a library."""
    inside = {path for path in importers("dialogs.language") if path.startswith("dialogs/")}

    assert {path for path in inside if not path.startswith("dialogs/language/")} == set()


@pytest.mark.parametrize(
    ("neighbour", "door"),
    [
        ("botbuilder", "bot/teams/"),
        ("botframework", "bot/teams/"),
        ("yaml", ("dialogs/language/source.py", "bot/commands/translate.py")),  # one reads it, one writes it
        ("sqlite3", ("bot/store/", "bot/commands/checks_here.py")),  # the doctor asks for its version
        ("asyncpg", "bot/store/"),
    ],
)
def test_a_neighbour_has_one_door(neighbour: str, door: str | tuple[str, ...]) -> None:
    """Somebody who goes in by another door is named."""
    found = importers(neighbour)

    assert found
    assert {path for path in found if not path.startswith(door)} == set()


@pytest.mark.parametrize("module", ["time", "random", "secrets", "uuid", "socket", "asyncio", "aiohttp"])
def test_the_engine_has_no_clock_no_chance_and_no_wire(module: str) -> None:
    """What `step` needs of the world comes with the event."""
    assert {path for path in importers(module) if path.startswith("dialogs/")} == set()


def test_the_engine_never_asks_for_the_time() -> None:
    """Dates are read and compared; none is today's."""
    asking = {
        path
        for path, tree in FILES.items()
        for node in ast.walk(tree)
        if path.startswith("dialogs/")
        and isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
    }

    assert asking == set()


@pytest.mark.parametrize(
    ("room", "shared"),
    [
        ("tickets", set()),
        (
            "probes",
            {"bot.teams.tokens", "bot.teams.service_urls"},
        ),  # the bot's one token, and where it may go
    ],
)
def test_a_system_knows_its_own_protocol_only(room: str, shared: set[str]) -> None:
    """A ticket system or a check can be written without knowing conversations in Teams, pages or cards."""
    foreign = {
        (path, each)
        for path, tree in FILES.items()
        if path.startswith(f"bot/{room}/")
        for each in imports(tree)
        if re.match(r"bot\.(teams\.|web|cards|outbox|app|turn|delivery|cli|commands)", each)
        and not any(each == known or each.startswith(f"{known}.") for known in shared)
    }

    assert foreign == set()


def test_only_commands_know_the_whole() -> None:
    """Nobody imports the composition root but the server and the commands that start it."""
    for whole, others in (("bot.app", {"bot/server.py"}), ("bot.server", set())):
        assert {path for path in importers(whole) if not path.startswith("bot/commands/")} == others


def test_the_environment_is_read_in_one_file() -> None:
    """`os.environ` and `os.getenv` stand in the settings alone."""
    readers = {
        path
        for path, tree in FILES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }

    assert readers == {"bot/config.py"}


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_what_a_document_names_is_there(document: str) -> None:
    """Every file and folder that stands in code letters exists."""
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:bot|dialogs|tests|content|deployment)/[\w./-]*|\w+\.py)`", text)
    tracked = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}

    assert [each for each in named if not ((ROOT / each).exists() or each in tracked)] == []
