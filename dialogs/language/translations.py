"""Is every text there in every language, and was each made from the English of today?

A stale translation is reported and still used: the older words help more than a foreign language. One whose
placeholders differ is not used, because it would show the person a gap.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from dialogs.guide import TextKey
from dialogs.language.diagnostics import Report, Span, suggest, unread
from dialogs.language.parts import Line, TextFile, TranslationFile
from dialogs.language.wording import places_in


class Original(msgspec.Struct, frozen=True):
    """A file that is translated: its texts, the prefix of their keys, and where to complain about it."""

    report: Report
    head: Span
    prefix: str
    lines: Mapping[TextKey, Line]
    draft: bool = False


def check_translations(
    originals: Mapping[str, Original],
    translations: Iterable[TranslationFile],
    languages: frozenset[str],
    there: Collection[str],
) -> dict[str, dict[TextKey, str]]:
    """Compare translations with what they translate.

    Args:
        originals: By path.
        translations: All files that translate one of them.
        languages: Besides English, those the content is in.
        there: The paths of all files. What is there and no original cannot be read, and says so itself.

    Returns:
        Language -> full text key -> words, of all translations that can be shown.
    """
    found: dict[str, dict[TextKey, str]] = {each: {} for each in languages}
    translated = set()
    for file in translations:
        translated.add((file.original, file.language))
        original = originals.get(file.original)
        if original is None:
            if file.original not in there:
                file.report.error("G401", file.head, f"there is no {file.original} to translate")
            continue
        found.setdefault(file.language, {}).update(_compare(file, original))
    for path, original in originals.items():
        for language in sorted(languages):
            if (path, language) not in translated and not original.draft and original.lines:
                beside = path.removesuffix(".yaml") + f".{language}.yaml"
                original.report.warning(
                    "G402",
                    original.head,
                    f"the translation {beside} is missing",
                    "until it is there, people read the English",
                )
    return found


def _compare(file: TranslationFile, original: Original) -> dict[TextKey, str]:
    shown = {}
    for key, translated in file.lines.items():
        line = original.lines.get(original.prefix + key)
        if line is None and unread(original.report):
            continue
        if line is None:
            known = [each.removeprefix(original.prefix) for each in original.lines]
            file.report.error(
                "G404", translated.key, f'{file.original} has no text "{key}"', suggest(key, known)
            )
            continue
        if _flat(line.text) != _flat(translated.source.text):
            file.report.error(
                "G403",
                translated.source.span,
                f'the English of "{key}" changed since this was translated',
                f'it is now: "{_short(line.text)}"',
            )
        if translated.text.text and _same_places(file.report, translated.text, line.text):
            shown[original.prefix + key] = translated.text.text
    if not original.draft:
        for key in original.lines:
            name = key.removeprefix(original.prefix)
            if name not in file.lines:
                file.report.error("G402", file.texts, f'"{name}" is not translated', _how(file))
    return shown


def _how(file: TranslationFile) -> str:
    if not file.original.startswith("guides/"):
        return ""
    guide = file.original.removeprefix("guides/").removesuffix(".yaml")
    return f"handrail translate {guide} {file.language} prints all that is missing"


def check_texts(files: Mapping[str, TextFile]) -> dict[str, dict[TextKey, str]]:
    """Compare the bot's own words between languages. Returns language -> key -> words that can be shown."""
    found: dict[str, dict[TextKey, str]] = {}
    english = files.get("en")
    for language, file in files.items():
        shown = found.setdefault(language, {})
        for key, line in file.lines.items():
            if english is None or file is english:
                if not places_in(line.text)[1]:
                    shown[key] = line.text
            elif key not in english.lines:
                span = file.tops.get(key, Span())
                file.report.error(
                    "G404", span, f'there is no English text "{key}"', suggest(key, english.lines)
                )
            elif _same_places(file.report, line, english.lines[key].text):
                shown[key] = line.text
        if english is not None and file is not english:
            for key in english.lines:
                if key not in file.lines:
                    file.report.error("G402", _nearest(file, key), f'"{key}" is not translated')
    return found


def _nearest(file: TextFile, key: TextKey) -> Span:
    """Where the missing text would stand: below the longest part of its key that is there."""
    while "/" in key:
        key = key.rpartition("/")[0]
        if key in file.tops:
            return file.tops[key]
    return Span()


def _same_places(report: Report, line: Line, english: str) -> bool:
    here, trouble = places_in(line.text)
    there, _ = places_in(english)
    if here != there and not trouble:
        named = ", ".join(f"{{{each}}}" for each in sorted(here ^ there))
        report.error("G405", line.span, f"the placeholders differ from the English: {named}")
    return here == there and not trouble


def _flat(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    flat = _flat(text)
    return flat if len(flat) <= 200 else flat[:199] + "…"
