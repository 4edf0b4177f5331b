"""The first line of everything we write into a ticket: who says it, and its key.

    Erika Mustermann [HR-7K3F/4]:

By its key it is found again when an answer was lost, and it is not taken for news when the system tells what
has happened. It is the first line, because systems and mail programs cut and quote the end of a text; and
only the first, so that somebody who quotes us below their own words is heard.

Must not know: any one ticket system, how texts are sent.
"""

import re
from typing import Final

from bot.redact import clean
from bot.tickets.api import Update

NOBODYS: Final = "HR-0000"
"""A number to look for when the answer does not matter: zero is in no number of a case."""

_LONGEST_AUTHOR: Final = 80  # characters
_HEAD: Final = re.compile(r".{0,120}\[(HR-[0-9A-Z]{1,20}/[\w.-]{1,60})\]:?")
_CASE: Final = re.compile(r"HR-[0-9A-Z]{1,20}(?![0-9A-Z])")


def headed(key: str, author: str, body: str) -> str:
    """The text as it is written: the mark, then the body as it is, without characters that break systems."""
    who = " ".join(clean(author, _LONGEST_AUTHOR).replace("[", "(").replace("]", ")").split())
    text = whole(body).strip()
    head = f"{who} [{key}]:" if who else f"[{key}]:"
    return f"{head}\n\n{text}" if text else head


def said(update: Update) -> str:
    """An update as it is written; where only the status changed it says which it is now."""
    body = update.body if update.body.strip() else f"({update.status})" if update.status else ""
    return headed(update.key, update.author, body)


def whole(body: str) -> str:
    """All of a text, without characters that no system stores: NUL, escapes, marks of direction."""
    return clean(body, 10_000_000)


def one_line(title: str, longest: int) -> str:
    """A title as it is written: one line of at most `longest` characters."""
    return clean(" ".join(title.split()), longest)


def key_of(text: str) -> str | None:
    """The key of a text that we wrote; None for anybody else's."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    found = _HEAD.fullmatch(first)
    return found[1] if found else None


def plain_key(key: str) -> str:
    """A key inside a query: nothing in it ends the words."""
    return "".join(each for each in key if each.isalnum() or each in "-_/")


def is_case(title: str, key: str) -> bool:
    """Whether a ticket's title is that of this case: ours begin with the number."""
    return case_in(title) == key


def case_in(title: str) -> str | None:
    """The case whose title this is; None for anybody else's."""
    found = _CASE.match(title.strip())
    return found[0] if found else None


def file_name(key: str, name: str) -> str:
    """The name under which a file is kept over there: its key first, so that it is found again."""
    safe = re.sub(r"[^\w. -]+", "_", clean(name, 100).replace("\n", " "), flags=re.ASCII).strip(" .")
    return f"{key.replace('/', '-')} {safe or 'file'}"
