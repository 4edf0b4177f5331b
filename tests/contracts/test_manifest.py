"""The Teams manifest as it is shipped: what Microsoft's schema does not check, and what we promise."""

import json
from typing import Any

import pytest
from PIL import Image

from bot.places import shipped
from dialogs.language.load import load
from dialogs.recognise import recognise

TEAMS = shipped("teams", "deployment/teams")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The template, parsed."""
    return dict(json.loads((TEAMS / "manifest.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def german() -> dict[str, str]:
    """The German words."""
    return dict(json.loads((TEAMS / "de.json").read_text("utf-8")))


def test_the_bot_is_offered_everywhere(manifest: dict[str, Any]) -> None:
    """In a personal chat, in a team and in a group chat, with the commands in each."""
    [bot] = manifest["bots"]

    assert set(bot["scopes"]) == {"personal", "team", "groupChat"}
    assert {scope for commands in bot["commandLists"] for scope in commands["scopes"]} == set(bot["scopes"])


def test_the_bot_asks_for_nothing_more(manifest: dict[str, Any]) -> None:
    """No permission, no reading along; files, because people send pictures of what they see."""
    assert "permissions" not in manifest
    assert "authorization" not in manifest
    assert "webApplicationInfo" not in manifest
    assert manifest["bots"][0]["supportsFiles"] is True


def test_the_commands_are_the_four_ways_out(manifest: dict[str, Any]) -> None:
    """Help, where the case is, from the start, and a person."""
    [commands] = manifest["bots"][0]["commandLists"]

    assert [command["title"] for command in commands["commands"]] == ["help", "status", "restart", "person"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_bot_understands_its_own_commands(
    manifest: dict[str, Any], german: dict[str, str], language: str
) -> None:
    """What Teams offers to click is a word that the bot takes for that command, in each language."""
    library, _ = load(shipped("content", "content"))
    [listed] = manifest["bots"][0]["commandLists"]
    for index, command in enumerate(listed["commands"]):
        title = f"bots[0].commandLists[0].commands[{index}].title"
        word = command["title"] if language == "en" else german[title]

        assert recognise(library, language, word).command == command["title"], word


def test_every_text_is_also_german(manifest: dict[str, Any], german: dict[str, str]) -> None:
    """What a person reads in Teams' app list exists in German; only the name stays."""
    [commands] = manifest["bots"][0]["commandLists"]
    expected = {"description.short", "description.full"} | {
        f"bots[0].commandLists[0].commands[{index}].{field}"
        for index in range(len(commands["commands"]))
        for field in ("title", "description")
    }

    assert set(german) == expected


def test_the_texts_speak_like_the_bot(manifest: dict[str, Any], german: dict[str, str]) -> None:
    """Calm: no exclamation marks, in no language."""
    assert "!" not in json.dumps(manifest["description"]) + json.dumps(german)


@pytest.mark.parametrize(("name", "size"), [("color.png", 192), ("outline.png", 32)])
def test_the_icons_have_the_size_that_teams_wants(name: str, size: int) -> None:
    """Colour 192 by 192, outline 32 by 32."""
    with Image.open(TEAMS / name) as icon:
        assert icon.size == (size, size)
        assert icon.format == "PNG"


def test_the_outline_is_white_on_transparent() -> None:
    """Every visible pixel is white, most are not visible, and the corners are empty."""
    with Image.open(TEAMS / "outline.png") as icon:
        raw = icon.convert("RGBA").tobytes()
        corners = [icon.convert("RGBA").getpixel((x, y)) for x in (0, 31) for y in (0, 31)]
    pixels = [tuple(raw[i : i + 4]) for i in range(0, len(raw), 4)]

    assert {pixel[:3] for pixel in pixels if pixel[3]} == {(255, 255, 255)}
    assert 0.1 < sum(pixel[3] > 127 for pixel in pixels) / len(pixels) < 0.5
    assert all(isinstance(corner, tuple) and corner[3] == 0 for corner in corners)


def test_the_schema_is_the_one_that_the_manifest_names(manifest: dict[str, Any]) -> None:
    """Manifest, schema and note speak of one version."""
    [schema] = TEAMS.glob("schema-*.json")

    assert schema.stem == f"schema-{manifest['manifestVersion']}"
    assert f"/v{manifest['manifestVersion']}/" in manifest["$schema"]
    assert schema.name in (TEAMS / "NOTE.md").read_text("utf-8")
