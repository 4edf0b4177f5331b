"""The guide language: YAML files to a library, with coded problems. Pure: no disk, no clock.

`compile` reads every file, notes every problem and builds the library of what is sound; `load` is its door
to the disk. It must not know conversations: the engine never imports it.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from dialogs.guide import FIX_RESULTS, Fix, Guide, TextKey, Try
from dialogs.language import others, reader, source, wording
from dialogs.language.checks import Known, check_claims, check_fixes, check_names, check_phrases
from dialogs.language.diagnostics import Diagnostic, Report, Severity, Span
from dialogs.language.flow import check_flow
from dialogs.language.parts import CodeFile, FixFile, GuideFile, Line, TextFile, TranslationFile
from dialogs.language.translations import Original, check_texts, check_translations
from dialogs.library import SOURCE_LANGUAGE, Library
from dialogs.probes import PROBES

__all__ = ["compile", "content_version"]

_LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?"
_PLACE: Final = re.compile(
    rf"(?P<folder>guides|fixes)/(?P<stem>[^./]+)(?:\.(?P<into>{_LANGUAGE}))?\.yaml"
    rf"|(?P<codes>codes)\.yaml|texts/(?P<language>{_LANGUAGE})\.yaml"
)
# A guide with such an error is not played: the engine relies on the shape, people on the rest.
_BREAKS: Final = re.compile(r"G0\d\d|G1\d\d|G2(?!17|18|19)\d\d|G305|G308")


def content_version(files: Mapping[str, str]) -> str:
    """The name of exactly this content: 12 hexadecimal digits, from all paths and texts."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path, files[path]):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


def compile(files: Mapping[str, str]) -> tuple[Library, tuple[Diagnostic, ...]]:  # noqa: A001  the word for it
    """Read the content.

    Args:
        files: Path below the content folder, with forward slashes -> text. What is not YAML is passed over.

    Returns:
        The library of what is sound, and every problem, sorted by position. Guides with the draft mark are
        in the library (`Guide.draft`); whether they are shown is for the caller to say.
    """
    content = _Content()
    for path in sorted(files):
        content.read(path, files[path])
    content.check(files)
    library = content.library(content_version(files))
    found = [each for report in content.reports for each in report.found]
    return library, tuple(sorted(found, key=lambda each: each.order))


class _Content:
    """All files of one content version while they are read and compared."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.guides: dict[str, GuideFile] = {}  # by path
        self.fixes: dict[str, FixFile] = {}
        self.codes: CodeFile | None = None
        self.texts: dict[str, TextFile] = {}  # by language
        self.translations: list[TranslationFile] = []
        self.translated: dict[str, dict[TextKey, str]] = {}

    def read(self, path: str, text: str) -> None:
        """Read one file into its place."""
        if not path.endswith((".yaml", ".yml")):
            return
        report = Report(path)
        self.reports.append(report)
        place = _PLACE.fullmatch(path)
        if place is None:
            remedy = (
                "guides/NAME.yaml, fixes/NAME.yaml, NAME.de.yaml beside them, texts/de.yaml or codes.yaml"
            )
            if _PLACE.fullmatch(renamed := path.removesuffix(".yml") + ".yaml"):
                remedy = f"names end in .yaml: rename it to {renamed}"
            report.error("G016", Span(), "nothing is read from here", remedy)
            return
        tree, found = source.read(path, text)
        report.found += found
        if place["folder"] == "guides" and not place["into"]:
            self.guides[path] = reader.read_guide(place["stem"], tree, report) if tree else GuideFile(report)
        elif tree is None:
            return
        elif place["into"]:
            original = f"{place['folder']}/{place['stem']}.yaml"
            self.translations.append(
                others.read_translation(original, place["stem"], place["into"], tree, report)
            )
        elif place["folder"]:
            self.fixes[path] = others.read_fixes(place["stem"], tree, report)
        elif place["codes"]:
            self.codes = others.read_codes(tree, report)
        else:
            self.texts[place["language"]] = others.read_texts(place["language"], tree, report)

    def check(self, files: Mapping[str, str]) -> None:
        """Compare the files with each other."""
        codes = self.codes.codes if self.codes else {}
        known = self._known(files)
        for file in self.guides.values():
            check_names(file, known)
            check_flow(file, codes)
            if file.guide and file.guide.draft:
                span = file.places.at(file.guide, "draft")
                file.report.error(
                    "G307", span, "this guide is a draft", 'read it through, then delete "draft"'
                )
        check_claims(self.guides.values(), self.codes)
        check_phrases(self.guides, self.translations)
        check_fixes(self.fixes.values(), self.guides.values())
        self._check_words(files)
        self._check_languages(files)
        self._check_needed(files)

    def _known(self, files: Mapping[str, str]) -> Known:
        english = self.texts.get(SOURCE_LANGUAGE)
        queues = None
        if english:
            queues = frozenset(k.removeprefix("queue/") for k in english.lines if k.startswith("queue/"))
        # a file of fixes that cannot be read is one problem, and not one for every guide
        unread = any(
            path.startswith("fixes/") and path not in self.fixes and "." not in path[6:-5] for path in files
        )
        fixes = None if unread else frozenset(fix for file in self.fixes.values() for fix in file.fixes)
        return Known(fixes=fixes, queues=queues, codes=self.codes)

    def _check_words(self, files: Mapping[str, str]) -> None:
        drafts = {f"{path[:-5]}." for path, file in self.guides.items() if file.guide and file.guide.draft}
        for report in self.reports:
            draft = any(report.path.startswith(each) for each in drafts)
            wording.check_left_over(report, files[report.path], draft=draft)
        allowed = wording.GUIDE_PLACES
        for guide_file in self.guides.values():
            wording.check_lines(guide_file.report, guide_file.lines.values(), allowed)
        for fix_file in self.fixes.values():
            wording.check_lines(fix_file.report, fix_file.lines.values(), allowed)
        for text_file in self.texts.values():
            wording.check_lines(text_file.report, text_file.lines.values(), None)

    def _check_languages(self, files: Mapping[str, str]) -> None:
        originals = {
            path: Original(f.report, f.head, f"{f.guide.id}/", f.lines, f.guide.draft)
            for path, f in self.guides.items()
            if f.guide
        } | {path: Original(f.report, Span(), "fix/", f.lines) for path, f in self.fixes.items()}
        languages = frozenset(self.texts) | frozenset(each.language for each in self.translations)
        self.translated = check_translations(
            originals, self.translations, languages - {SOURCE_LANGUAGE}, files
        )
        for file in self.translations:
            known = originals.get(file.original)
            for key, line in file.lines.items():
                kind = (
                    known.lines[known.prefix + key].kind
                    if known and known.prefix + key in known.lines
                    else "text"
                )
                # placeholders were compared with the English already
                wording.check_line(file.report, Line(line.text.text, line.text.span, kind), None)
        for language, lines in check_texts(self.texts).items():
            self.translated.setdefault(language, {}).update(lines)

    def _check_needed(self, files: Mapping[str, str]) -> None:
        """The words that the bot puts together from closed lists must be there."""
        english = self.texts.get(SOURCE_LANGUAGE)
        if english is None:
            if self.texts and "texts/en.yaml" not in files:
                self.texts[min(self.texts)].report.error("G505", Span(), "texts/en.yaml is missing")
            return
        needed = [f"topic/{each}" for each in (self.codes.topics if self.codes else ())]
        needed += [f"who/{each}" for each in others.WHO]
        needed += [f"{group}/{each}" for group in ("result", "after") for each in FIX_RESULTS]
        needed += [
            f"probe/{probe}/{each}"
            for probe, all_of in PROBES.items()
            for each in ("name", *all_of, "unknown")
        ]
        needed += [f"language/{each}" for each in self.translated]
        for key in needed:
            if key not in english.lines:
                span = english.tops.get(
                    key.rpartition("/")[0], english.tops.get(key.partition("/")[0], Span())
                )
                english.report.error("G505", span, f'the bot needs the text "{key}"')

    def library(self, version: str) -> Library:
        """Everything that is sound."""
        fixes = {fix.id: fix for file in self.fixes.values() for fix in file.fixes.values() if _whole(fix)}
        guides = {}
        for file in self.guides.values():
            guide = file.guide
            broken = any(
                each.severity is Severity.ERROR and _BREAKS.fullmatch(each.code) for each in file.report.found
            )
            if guide is not None and not broken and _offered(guide) <= fixes.keys():
                guides[guide.id] = msgspec.structs.replace(guide, words={**guide.words, **self._words(file)})
        texts: dict[str, dict[TextKey, str]] = {SOURCE_LANGUAGE: {}}
        for lines in [f.lines for f in self.guides.values()] + [f.lines for f in self.fixes.values()]:
            for key, line in lines.items():
                if not wording.places_in(line.text)[1]:
                    texts[SOURCE_LANGUAGE][key] = line.text
        for language, found in self.translated.items():
            texts.setdefault(language, {}).update(found)
        codes = self.codes.codes if self.codes else {}
        return Library(version=version, guides=guides, fixes=fixes, codes=codes, texts=texts)

    def _words(self, guide: GuideFile) -> dict[str, tuple[str, ...]]:
        return {
            file.language: tuple(phrase for phrase, _ in file.phrases)
            for file in self.translations
            if file.original == guide.report.path and file.phrases
        }


def _whole(fix: Fix) -> bool:
    return bool(fix.say and fix.name)


def _offered(guide: Guide) -> frozenset[str]:
    return frozenset(o.fix for node in guide.nodes.values() if isinstance(node, Try) for o in node.offers)
