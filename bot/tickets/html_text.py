"""Plain text as HTML, and HTML as plain text, for systems whose comments are HTML.

What people wrote becomes text that a browser shows as it is. What comes back is only read: tags end lines or
vanish. Each step is linear: Python's own parser needs minutes for a few kilobytes of `<a <a <a`, and raises.

Must not know: any one ticket system.
"""

import html
import re
from typing import Final

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*>|<[!?/][^<>]*>")
_HIDDEN: Final = frozenset({"script", "style", "head", "title"})
_LINES: Final = frozenset(
    {"article", "blockquote", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_ENDLESS: Final = re.compile(r"&#[xX]?[0-9A-Fa-f]{8,};?")  # no character has so long a number
_MOST: Final = 200_000  # characters of markup that are read; more is no comment
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")


def hypertext(text: str) -> str:
    """The text as HTML in which nothing but line breaks is markup."""
    lines = html.escape(text, quote=False).replace("\r\n", "\n").replace("  ", " &nbsp;").split("\n")
    return f"<div>{'<br>'.join(lines)}</div>"


def plain(markup: str) -> str:
    """What a browser would show of it, as lines; data, of which nothing is believed."""
    markup = markup[:_MOST]
    lines, hidden, end = [""], "", 0

    def show(words: str) -> None:
        words = html.unescape(_ENDLESS.sub("\ufffd", _SPACE.sub(" ", words)))
        lines[-1] += words.replace("\xa0", " ")

    for tag in _TAG.finditer(markup):
        if not hidden:
            show(markup[end : tag.start()])
        end = tag.end()
        closing, name = tag[1], (tag[2] or "").lower()
        if hidden:
            hidden = "" if closing and name == hidden else hidden
        elif name in _HIDDEN and not closing:
            hidden = name
        elif name == "br" or (name in _LINES and lines[-1].strip()):
            lines.append("")
    if not hidden:
        show(markup[end:])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(each.strip() for each in lines)).strip()
