"""Reading what is no guide: files of fixes, codes.yaml, the bot's own words, and translations.

It looks at one file alone; what must agree between files is asked in `dialogs.language.checks` and
`dialogs.language.translations`.
"""

from typing import Final

from dialogs.guide import Code, Fix, TextKey
from dialogs.language.diagnostics import Report
from dialogs.language.parts import CodeFile, FixFile, Line, TextFile, Translated, TranslationFile
from dialogs.language.shape import Shape
from dialogs.language.source import Entry, Items, Scalar, Table, Tree

WHO: Final = ("user", "helpdesk", "tenant-admin", "app-owner", "microsoft")  # who can mend it


def read_fixes(stem: str, tree: Tree, report: Report) -> FixFile:
    """Read a file of fixes called `stem`."""
    shape, file = Shape(report), FixFile(report, stem)
    top = shape.table(tree, "a file of fixes")
    if not top:
        return file
    shape.keys(top, ("fixes",), {"fixes": "the fixes, by id"}, tree.span, "a file of fixes")
    entries = shape.table(top["fixes"].value, "fixes") if "fixes" in top else {}
    for name, entry in entries.items():
        shape.id(entry.key, "a fix", ("more", "name", "rules-out"))
        own = shape.table(entry.value, f'fix "{name}"')
        needed = {"name": "a few words for the ticket", "say": "what the person reads"}
        if own:
            shape.keys(own, ("name", "say", "more", "rules-out"), needed, entry.key.span, f'fix "{name}"')
        keys: dict[str, TextKey] = {}
        for field in ("name", "say", "more", "rules-out"):
            if field in own and (text := shape.text(own[field].value, f'"{field}"')):
                keys[field] = f"fix/{name}" if field == "say" else f"fix/{name}/{field}"
                file.lines[keys[field]] = Line(text, own[field].value.span)
        fix = Fix(
            id=name,
            say=keys.get("say", ""),
            name=keys.get("name", ""),
            more=keys.get("more", ""),
            rules_out=keys.get("rules-out", ""),
        )
        file.fixes[name] = fix
        file.places.put(fix, entry.key.span)
    return file


def read_codes(tree: Tree, report: Report) -> CodeFile:
    """Read codes.yaml."""
    shape, file = Shape(report), CodeFile(report)
    top = shape.table(tree, "codes.yaml")
    if not top:
        return file
    needed = {"topics": "what codes can be about", "codes": "the codes, by number"}
    shape.keys(top, ("topics", "codes"), needed, tree.span, "codes.yaml")
    if "topics" in top:
        topics = shape.words(top["topics"].value, "topics")
        for topic in topics:
            shape.id(topic, "a topic")
        file.topics = tuple(each.text for each in topics)
    for name, entry in (shape.table(top["codes"].value, "codes") if "codes" in top else {}).items():
        number = shape.code(Scalar(f"AADSTS{name}", entry.key.span))
        own = shape.table(entry.value, f"code {name}")
        if number is None or not own:
            continue
        known = ("name", "topic", "who", "certain")
        what = {"topic": "what it is about", "who": "who can mend it"}
        shape.keys(own, known, what, entry.key.span, f"code {name}")
        code = Code(
            code=number,
            name=shape.word(own["name"].value, "name").text if "name" in own else "",
            topic=shape.one_of(own["topic"].value, file.topics, "topic", "other")
            if "topic" in own
            else "other",
            who=shape.one_of(own["who"].value, WHO, "who", "helpdesk") if "who" in own else "helpdesk",
            certain=shape.flag(own["certain"].value, "certain") if "certain" in own else True,
        )
        file.codes[number] = code
        file.places.put(code, entry.key.span)
    return file


def read_texts(language: str, tree: Tree, report: Report) -> TextFile:
    """Read the bot's own words in `language`: a tree whose path is the text key."""
    shape, file = Shape(report), TextFile(report, language)
    if shape.table(tree, "texts") and isinstance(tree, Table):
        for entry in tree.entries:
            _read_below("", entry, shape, file)
    return file


def _read_below(prefix: str, entry: Entry, shape: Shape, file: TextFile) -> None:
    key = f"{prefix}{entry.key.text}"
    shape.id(entry.key, "a text")
    file.tops.setdefault(key, entry.key.span)
    if isinstance(entry.value, Table):
        for below in entry.value.entries:
            _read_below(f"{key}/", below, shape, file)
    elif isinstance(entry.value, Items):
        shape.report.error("G103", entry.value.span, f'"{key}" must be words; this is a list')
    elif text := shape.text(entry.value, f'"{key}"'):
        kind = "button" if prefix == "after/" else "text"
        file.lines[key] = Line(text, entry.value.span, kind)


def read_translation(original: str, stem: str, language: str, tree: Tree, report: Report) -> TranslationFile:
    """Read a translation.

    Args:
        original: The path of the file beside it that it translates.
        stem: That file's name without its ending: what `translates` must say.
        language: What the file's name says.
        tree: The file.
        report: Takes the problems.
    """
    shape, file = Shape(report), TranslationFile(report, original, language)
    top = shape.table(tree, "a translation")
    if not top:
        return file
    needed = {"translates": "what it translates", "language": "into which language", "texts": "the texts"}
    shape.keys(top, ("translates", "language", "texts", "words"), needed, tree.span, "a translation")
    for field, expected in (("translates", stem), ("language", language)):
        if field in top:
            word = shape.word(top[field].value, field)
            file.head = word.span if field == "translates" else file.head
            if word.text and word.text != expected:
                report.error(
                    "G108",
                    word.span,
                    f'{field} says "{word.text}", the name of the file "{expected}"',
                    "use one name",
                )
    if "words" in top:
        words = shape.words(top["words"].value, "words", sentences=True)
        file.phrases = [(each.text, each.span) for each in words]
    if "texts" in top:
        file.texts = top["texts"].key.span
        for key, entry in shape.table(top["texts"].value, "texts").items():
            own = shape.table(entry.value, f'text "{key}"')
            if not own:
                continue
            why = {"en": "the English it was made from", language: "the translation"}
            shape.keys(own, ("en", language), why, entry.key.span, f'text "{key}"')
            if "en" in own and language in own:
                english = shape.text(own["en"].value, '"en"')
                text = shape.text(own[language].value, f'"{language}"')
                file.lines[key] = Translated(
                    Line(english, own["en"].value.span), Line(text, own[language].value.span), entry.key.span
                )
    return file
