"""The Teams app package: template filled in, checked, and zipped; the same input gives the same bytes.

Everything comes from one folder: the manifest's template, its schema, the icons, a file for each language.

Must not know: the command line, settings, how the bot answers.
"""

import copy
import io
import json
import re
import string
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.commands import png
from bot.errors import ConfigError

_ICONS: Final = {"color": (192, 192), "outline": (32, 32)}
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
_PART = re.compile(r"([A-Za-z]\w*)|\[(\d+)\]|\.")


def build(folder: Path, values: Mapping[str, str]) -> bytes:
    """Make the package.

    Args:
        folder: Holds `manifest.json`, `schema-*.json`, the icons and the language files.
        values: What to put in place of `${…}` in the manifest, by name.

    Returns:
        The zip file.

    Raises:
        ConfigError: Something does not fit; the message lists all of it.
    """
    problems: list[str] = []
    manifest = _filled(_json(folder / "manifest.json"), values, problems)
    problems += _against_schema("manifest.json", manifest, folder)
    files = {"manifest.json": _text(manifest)}
    for name in _language_files(manifest):
        words = _json(folder / name)
        problems += _against_schema(name, _translated(name, manifest, words, problems), folder)
        files[name] = _text(words)
    for kind, size in _ICONS.items():
        name = manifest.get("icons", {}).get(kind, f"{kind}.png")
        problems += _icon_problems(folder / name, kind, size)
        if not problems:
            files[name] = (folder / name).read_bytes()
    if problems:
        raise ConfigError("\n  ".join(["The package was not made.", *problems]))
    return _zipped(files)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); --folder names another folder."
        ) from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from None


def _filled(value: Any, values: Mapping[str, str], problems: list[str]) -> Any:
    """Put the values in, inside the parsed JSON, where no quotation mark of theirs can break out."""
    match value:
        case str():
            try:
                return string.Template(value).substitute(values)
            except (KeyError, ValueError):
                problems.append(f"manifest.json: nobody knows what to put in place of {value!r}.")
                return value
        case list():
            # A list may end up shorter: no domain means no valid domains.
            return [filled for item in value if (filled := _filled(item, values, problems)) != ""]
        case dict():
            return {key: _filled(item, values, problems) for key, item in value.items()}
    return value


def _against_schema(name: str, manifest: Any, folder: Path) -> list[str]:
    try:
        import jsonschema
    except ImportError:
        raise ConfigError(
            "Checking the manifest needs the library jsonschema: pip install jsonschema."
        ) from None
    schemas = sorted(folder.glob("schema-*.json"))
    if not schemas:
        raise ConfigError(f"{folder} has no schema-….json; copy it from deployment/teams.")
    validator = jsonschema.Draft4Validator(_json(schemas[-1]))
    wanted = validator.schema["properties"]["manifestVersion"].get("const")
    problems = [
        f"{name}: {'.'.join(map(str, error.absolute_path)) or 'manifest'}: {error.message}."
        for error in validator.iter_errors(manifest)
    ]
    # Draft 4 does not know the word "const", in which the schema states its own version.
    if manifest.get("manifestVersion") != wanted:
        problems.append(f"{name}: manifestVersion must be {wanted}, as the schema beside it.")
    return problems


def _language_files(manifest: Any) -> list[str]:
    return [
        language["file"] for language in manifest.get("localizationInfo", {}).get("additionalLanguages", [])
    ]


def _translated(name: str, manifest: Any, words: Mapping[str, str], problems: list[str]) -> Any:
    """The manifest as Teams shows it in another language; a key that leads nowhere is a problem."""
    result = copy.deepcopy(manifest)
    for path, text in words.items():
        if path == "$schema":
            continue
        keys = [part[1] or int(part[2]) for part in _PART.finditer(path) if part[0] != "."]
        place = result
        try:
            for key in keys[:-1]:
                place = place[key]
            found = isinstance(place[keys[-1]], str)
        except (KeyError, IndexError, TypeError):
            found = False
        if found:
            place[keys[-1]] = text
        else:
            problems.append(f"{name}: {path} names no text in manifest.json.")
    return result


def _icon_problems(path: Path, kind: str, size: tuple[int, int]) -> list[str]:
    try:
        picture = png.read(path)
    except OSError as error:
        return [f"{path.name} cannot be read ({error.strerror}); put a PNG there."]
    except ValueError as error:
        return [f"{path.name}: {error}."]
    problems = []
    if (picture.width, picture.height) != size:
        problems.append(
            f"{path.name} is {picture.width} x {picture.height}; Teams wants {size[0]} x {size[1]}."
        )
    if kind == "outline":
        alphas = {alpha for _, _, _, alpha in picture.pixels}
        if not picture.has_alpha or 0 not in alphas:
            problems.append(f"{path.name} has no transparent background; Teams wants white on transparent.")
        if any(pixel[:3] != (255, 255, 255) for pixel in picture.pixels if pixel[3]):
            problems.append(f"{path.name} has a colour; Teams wants white on transparent.")
        if max(alphas) < 128:
            problems.append(f"{path.name} is empty; Teams wants a white mark.")
    return problems


def _text(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip without anything of this machine in it: no time, no owner, no compressor's version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system = 3  # Unix, on Windows too
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
