r"""What a stranger's words may do in a card: nothing but be read.

Four facts decide what has to be done. Markdown is active in TextBlock, in Fact and in the titles of choices,
and a backslash before punctuation switches it off. TextRun knows no Markdown. `{{DATE(...)}}` and
`{{TIME(...)}}` are active in both. And invisible characters (bidirectional controls, zero width, line ends)
can make a line look like another one anywhere, in plain text too.

Must not know: texts, languages, cards.
"""

import re
import unicodedata
from typing import Final

CUT: Final = " […]"  # the visible mark of something left out
_JOINER: Final = "\u2060"  # word joiner: no width, no line break; it only keeps two characters apart
_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_KEPT: Final = "\n\u200c\u200d"  # the joiners are part of Persian words and of emoji
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
# Latin letters and their punctuation: nothing unseen is among them, and most texts are made of nothing else.
_SEEN: Final = re.compile("[\n -~\u00a0-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e]*")
# One line of such letters with single spaces between them is what `line` makes of it.
_LINE: Final = re.compile("[!-~\u00a1-\u00ac\u00ae-\u024f]+(?: [!-~\u00a1-\u00ac\u00ae-\u024f]+)*")
_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LIST_MARK: Final = re.compile(r"^([-+=:]|\d{1,9}[.)])")
_LINK: Final = re.compile(r":(?=//)|\.(?=\w)|(?i:mailto:|tel:)")
_MACRO: Final = re.compile(r"\{(?=\{)")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_LOOKALIKES: Final = str.maketrans("\\`*_{}[]<>#|~&", "＼ˋ∗＿❴❵❲❳‹›＃ǀ∼＆")  # noqa: RUF001  they look alike on purpose


def clean(words: str) -> str:
    """The same words without control, format, surrogate and private characters; line ends become newlines."""
    lined = _LINE_ENDS.sub("\n", words).replace("\t", " ")
    if _SEEN.fullmatch(lined):
        return lined
    return "".join(each for each in lined if each in _KEPT or unicodedata.category(each) not in _UNSEEN)


def line(words: str) -> str:
    """The same words, cleaned, on one line, without space around them."""
    if _LINE.fullmatch(words):
        return words
    return " ".join(clean(words).split())


def cut(words: str, limit: int) -> str:
    """At most `limit` characters, the mark included, so that nobody takes a part for the whole."""
    if len(words) <= limit:
        return words
    return words[: max(0, limit - len(CUT))].rstrip() + CUT


def run(words: str) -> str:
    """Words for a TextRun: one line in which no macro lives."""
    said = line(words)
    return _MACRO.sub("{" + _JOINER, said) if "{{" in said else said


def markdown(words: str) -> str:
    """Words for a TextBlock: one line in which no Markdown, link, mention, macro or list mark lives."""
    said = _ACTIVE.sub(r"\\\1", line(words))
    marked = _LIST_MARK.match(said)
    if marked:
        # Only punctuation can be escaped: "1." becomes "1\.".
        said = said[: marked.end() - 1] + "\\" + said[marked.end() - 1 :]
    said = _LINK.sub(lambda found: found[0] + _JOINER, said)
    if not said.isascii() and any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in said):
        said = f"\u2068{said}\u2069"  # isolated: it cannot turn the words around it
    return said


def lifeless(words: str) -> str:
    """Words for a plain message: one line in which no client finds a link."""
    return _LINK.sub(lambda found: found[0] + _JOINER, line(words))


def title(words: str) -> str:
    """Words where some clients read Markdown and some do not: active characters become their lookalikes."""
    said = run(words).translate(_LOOKALIKES)
    marked = _LIST_MARK.match(said)
    return _JOINER + said if marked else said
