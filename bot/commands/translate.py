"""`handrail translate`: what of a guide is not in a language yet, as YAML to be filled in.

It must not know how a translation is read or checked (`dialogs.language` does).
"""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from bot.commands.content import find_guide, read_content
from bot.errors import ContentError
from dialogs.library import SOURCE_LANGUAGE

_WIDEST: Final = 10_000  # characters; no line is broken


class _Words(str):
    """Words of a guide: several lines stay several lines."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


def _written(dumper: yaml.SafeDumper, words: _Words) -> yaml.Node:
    style = "|" if "\n" in words else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(words), style=style)


_Dumper.add_representer(_Words, _written)
_Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def translate(guide: str, language: str, content: Path) -> int:
    """Print what is missing, in the guide's order; a whole file where there is none.

    Args:
        guide: The guide's id.
        language: The code of the language, such as "de".
        content: The content folder.

    Returns:
        0; also when nothing is missing, which is said on stderr.

    Raises:
        ContentError: There is no such guide, it cannot be read, or it is written in that language.
    """
    if language == SOURCE_LANGUAGE:
        raise ContentError("guides are written in English; name the language it is to be in, such as de")
    library, found = read_content(content)
    find_guide(library, found, guide)
    there = library.texts.get(language, {})
    missing: dict[str, Any] = {
        key.removeprefix(f"{guide}/"): {"en": _Words(words), language: None}
        for key, words in library.texts[SOURCE_LANGUAGE].items()
        if key.startswith(f"{guide}/") and key not in there
    }
    beside = content / "guides" / f"{guide}.{language}.yaml"
    if not missing:
        sys.stderr.write(f"{guide} is in {language!r}, all of it\n")
    elif beside.is_file():
        sys.stdout.write(_yaml({"texts": missing}))
        sys.stderr.write(f"to be put below texts: in {beside}\n")
    else:
        sys.stdout.write(_yaml({"translates": guide, "language": language, "texts": missing}))
        sys.stderr.write(f"to be saved as {beside}\n")
    return 0


def _yaml(value: dict[str, Any]) -> str:
    written: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDEST)
    return written
