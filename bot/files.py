"""What a file may be: how large, how many, what it is called, and whether it is a picture.

Names and types come from outside and are not believed: a name is cleaned, and a picture is what begins like
one. Everything else is bytes that nobody here looks into. Must not know: stores, HTTP, who sent a file.
"""

import hashlib
import re
from typing import Final

from bot.cards import escape

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file: screenshots and logs are a few megabytes, and most ticket systems take ten."""
MOST: Final = 20
"""Files of one case, or of one session without a case: nobody reads more, and a flood has an end."""
ROOM: Final = 50 * 1024 * 1024
"""Bytes of all files of a case: what a database still carries along without anybody noticing."""

_LONGEST_NAME: Final = 100  # characters; file systems take 255 bytes
_NAMELESS: Final = "file"
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*,\u2066-\u2069\u200e\u200f]')  # a comma stands between names
_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_ENDINGS: Final = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
}
UNKNOWN: Final = "application/octet-stream"


def media_type(content: bytes) -> str:
    """What the bytes are: one of the pictures every browser shows, else bytes; SVG can be a program."""
    for begin, found in _PICTURES:
        if content.startswith(begin):
            return found
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return UNKNOWN


def is_picture(media: str) -> bool:
    """Whether it may be shown where it stands; `media` is what `media_type` has found."""
    return media in _ENDINGS


def looks_like_picture(name: str) -> bool:
    """Whether a file that was saved under this name is a picture, going by how it ends."""
    return name.lower().endswith(tuple(each for endings in _ENDINGS.values() for each in endings))


def clean_name(name: str) -> str:
    """A name that can stand in a sentence and on a disk: no folders, no tricks, never empty, not long."""
    last = re.split(r"[/\\]", name)[-1]
    said = " ".join(_NOT_IN_NAMES.sub(" ", escape.line(last)).split()).strip(" .")
    if len(said) > _LONGEST_NAME:
        stem, dot, ending = said.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        said = said[: _LONGEST_NAME - len(ending) - 1].rstrip(" .") + "…" + ending
    return said or _NAMELESS


def saved_name(name: str, media: str) -> str:
    """The name to save it under: a picture ends as what it is."""
    endings = _ENDINGS.get(media)
    if endings is None or name.lower().endswith(endings):
        return name
    return name + endings[0]


def file_id(*parts: str) -> str:
    """The id of a file: the same whenever the same file of the same event is told again."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
