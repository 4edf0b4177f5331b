"""The app package: what is in it, and what keeps it from being made."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from bot.commands import png
from bot.commands.package import package
from bot.commands.teams_app import build
from bot.errors import ConfigError
from bot.places import shipped

BOT = "5f2c8d10-7a44-4c1b-9a55-0d6f8b2e1c90"
TEAMS = shipped("teams", "deployment/teams")
VALUES = {
    "APP_ID": "9b1d4c77-3e0a-4f6b-8c21-77d0a1e2f3b4",
    "BOT_ID": BOT,
    "DOMAIN": "bot.example.com",
    "NAME": "Handrail",
    "DEVELOPER": "Contoso IT",
    "WEBSITE": "https://bot.example.com",
    "PRIVACY": "https://example.com/privacy",
    "TERMS": "https://example.com/terms",
    "VERSION": "1.2.3",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder, to break."""
    return Path(shutil.copytree(TEAMS, tmp_path / "teams"))


def manifest_in(packed: bytes) -> dict[str, object]:
    """The manifest out of a package."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return dict(json.loads(archive.read("manifest.json")))


def command(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the command as the terminal does, and return its exit code and what it said or raised."""
    blank = {"MicrosoftAppId": None, "HANDRAIL_PUBLIC_URL": None}
    result = CliRunner().invoke(package, list(arguments), env={**blank, **(env or {})})
    return result.exit_code, result.output + str(result.exception or "")


def test_the_package_holds_four_files_at_its_root() -> None:
    """Teams wants the manifest, two icons and the language files, in no folder."""
    with zipfile.ZipFile(io.BytesIO(build(TEAMS, VALUES))) as archive:
        assert archive.namelist() == ["color.png", "de.json", "manifest.json", "outline.png"]
        assert archive.testzip() is None


def test_everything_is_filled_in() -> None:
    """No placeholder is left, and each value is where Teams looks for it."""
    manifest = manifest_in(build(TEAMS, VALUES))

    assert "${" not in json.dumps(manifest)
    assert manifest["id"] == VALUES["APP_ID"]
    assert manifest["bots"][0]["botId"] == BOT  # type: ignore[index]  # JSON
    assert manifest["validDomains"] == ["bot.example.com"]


def test_the_same_input_gives_the_same_bytes(folder: Path) -> None:
    """A package made again, from other files with the same content, is the same package."""
    assert build(folder, VALUES) == build(TEAMS, VALUES)


def test_a_value_cannot_change_the_manifests_shape() -> None:
    """A name with quotation marks stays a name."""
    manifest = manifest_in(build(TEAMS, {**VALUES, "NAME": 'A","id":"x'}))

    assert manifest["name"] == {"short": 'A","id":"x', "full": 'A","id":"x'}
    assert manifest["id"] == VALUES["APP_ID"]


def test_no_domain_means_no_valid_domains() -> None:
    """A bot without pages needs no domain in its manifest."""
    assert manifest_in(build(TEAMS, {**VALUES, "DOMAIN": ""}))["validDomains"] == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BOT_ID", "not-an-id", "bots.0.botId"),
        ("NAME", "A name that is longer than thirty letters", "name.short"),
        ("PRIVACY", "ftp://example.com", "developer.privacyUrl"),
        ("DEVELOPER", "D" * 33, "developer.name"),
    ],
)
def test_the_official_schema_decides(name: str, value: str, says: str) -> None:
    """What Microsoft's schema refuses is refused here, with the place in the manifest."""
    with pytest.raises(ConfigError, match=says):
        build(TEAMS, {**VALUES, name: value})


def test_a_misspelt_key_is_refused(folder: Path) -> None:
    """The schema knows all keys, so one that it does not know is a mistake."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["bots"][0]["suportsFiles"] = True
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    with pytest.raises(ConfigError, match="suportsFiles"):
        build(folder, VALUES)


def test_an_unknown_placeholder_is_refused(folder: Path) -> None:
    """A placeholder that nobody fills in must not travel to Teams."""
    text = (folder / "manifest.json").read_text("utf-8").replace("#174A5B", "${COLOUR}")
    (folder / "manifest.json").write_text(text, "utf-8")

    with pytest.raises(ConfigError, match=r"\$\{COLOUR\}"):
        build(folder, VALUES)


def test_a_translation_that_leads_nowhere_is_refused(folder: Path) -> None:
    """A language file for commands that are gone would be ignored by Teams without a word."""
    words = {"bots[0].commandLists[0].commands[9].title": "weg", "name": "x"}
    (folder / "de.json").write_text(json.dumps(words), "utf-8")

    with pytest.raises(ConfigError) as caught:
        build(folder, VALUES)

    assert "commands[9].title" in str(caught.value)
    assert "de.json: name names no text" in str(caught.value)


def test_a_translation_that_is_too_long_is_refused(folder: Path) -> None:
    """The schema's limits hold in every language."""
    (folder / "de.json").write_text(json.dumps({"description.short": "x" * 81}), "utf-8")

    with pytest.raises(ConfigError, match=r"de.json: description.short"):
        build(folder, VALUES)


def test_icons_of_the_wrong_kind_are_refused(folder: Path) -> None:
    """Size, transparency and colour are told at once, for both icons."""
    Image.new("RGB", (100, 100), "red").save(folder / "color.png")
    Image.new("RGBA", (32, 32), (255, 0, 0, 255)).save(folder / "outline.png")

    with pytest.raises(ConfigError) as caught:
        build(folder, VALUES)

    said = str(caught.value)
    assert "color.png is 100 x 100; Teams wants 192 x 192" in said
    assert "outline.png has no transparent background" in said
    assert "outline.png has a colour" in said


@pytest.mark.parametrize("broken", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"])
def test_a_broken_icon_is_refused(folder: Path, broken: bytes) -> None:
    """A file that is no PNG, or only half of one, is named with what to do."""
    (folder / "color.png").write_bytes(broken)

    with pytest.raises(ConfigError, match=r"color.png: it is (not a PNG|damaged); save it"):
        build(folder, VALUES)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["noise", "gradient"])
def test_pixels_are_read_as_others_read_them(tmp_path: Path, mode: str, kind: str) -> None:
    """Our small reader and Pillow see the same pixels, whatever filter a line was saved with."""
    picture = (
        Image.effect_noise((37, 23), 90) if kind == "noise" else Image.linear_gradient("L").resize((37, 23))
    )
    bands = [picture.rotate(90 * turn).resize((37, 23)) for turn in range(len(mode))]
    saved = Image.merge(mode, bands)
    saved.save(tmp_path / "x.png", optimize=True)

    ours = png.read(tmp_path / "x.png")

    assert (ours.width, ours.height) == (37, 23)
    assert b"".join(map(bytes, ours.pixels)) == saved.convert("RGBA").tobytes()


def test_interlaced_and_palette_images_are_refused(tmp_path: Path) -> None:
    """What the small reader cannot read is said, not guessed."""
    Image.new("P", (32, 32)).save(tmp_path / "x.png")

    with pytest.raises(ValueError, match="8 bits a channel"):
        png.read(tmp_path / "x.png")


def test_the_command_writes_the_package(tmp_path: Path) -> None:
    """With a bot id and a domain there is nothing else to say; the app id follows from the bot's."""
    target = tmp_path / "a.zip"
    arguments = ["-o", str(target), "--domain", "bot.example.com", "--name", "Treppe"]

    code, said = command(*arguments, env={"MicrosoftAppId": BOT})
    first = target.read_bytes()
    command(*arguments, "--bot-id", BOT)

    assert code == 0, said
    assert target.read_bytes() == first
    assert manifest_in(first)["name"] == {"short": "Treppe", "full": "Treppe"}
    assert "--privacy" in said


def test_the_command_tells_all_that_is_missing(tmp_path: Path) -> None:
    """Every option that is missing or wrong is named at once, and nothing is written."""
    code, said = command(
        "-o", str(tmp_path / "a.zip"), "--domain", "https://x.example/", "--privacy", "<privacy>"
    )

    assert code == 1
    assert all(
        word in said for word in ("--bot-id is not set", "--domain is 'https", "--privacy is '<privacy>'")
    )
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message names the file and the remedy."""
    code, said = command("-o", str(tmp_path / "no" / "a.zip"), "--domain", "x.example", "--bot-id", BOT)

    assert code == 1
    assert "choose another place with -o" in said
