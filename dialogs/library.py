"""All guides, fixes, codes and words of one content version, and how a key becomes words.

It must not know how content is read (that is `dialogs.language`) nor any conversation.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from dialogs.guide import Code, Fix, FixId, Guide, GuideId, TextKey
from dialogs.once import once
from dialogs.text import Text

SOURCE_LANGUAGE = "en"


class _Blanks(dict[str, str]):
    """Leaves a place that nothing fills as it stands, so that a text never breaks a turn."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the content. `texts`: language -> key -> words; `version` names it exactly."""

    version: str
    guides: Mapping[GuideId, Guide]
    fixes: Mapping[FixId, Fix]
    codes: Mapping[int, Code]
    texts: Mapping[str, Mapping[TextKey, str]]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages the content is there in, the source language first."""
        return tuple(sorted(self.texts, key=lambda each: (each != SOURCE_LANGUAGE, each)))

    def words(self, key: TextKey, language: str) -> str:
        """The words of `key`, in the source language where `language` lacks them.

        A key that is nowhere (a guide was edited since) comes back as "…": an old transcript still reads.
        """
        return self.texts.get(language, _NOTHING).get(key) or self.texts[SOURCE_LANGUAGE].get(key) or "…"

    def has(self, key: TextKey) -> bool:
        """Whether the source language has words for `key`."""
        return key in self.texts[SOURCE_LANGUAGE]

    def say(self, text: Text | str, language: str, **shown: Any) -> str:
        """Plain words of `text` in `language`; a string stays as it is. `shown` overrides arguments."""
        if isinstance(text, str):
            return text
        words = self.words(text.key, language).strip()
        if "{" not in words and "}" not in words:
            return words
        filled: dict[str, str] = _Blanks()
        for name, value in text.args.items():
            filled[name] = self._argument(value, language)
        filled.update(shown)
        return words.format_map(filled)

    def _argument(self, value: Any, language: str) -> str:
        if isinstance(value, tuple):
            return ", ".join(self.say(each, language) for each in value)
        said: str = self.say(value, language)
        return said

    def guide_for(self, code: int) -> Guide | None:
        """The guide that takes `code`: the one that claims it, else the one for any code."""
        takers = _takers(self)
        return takers.get(code) or takers.get(None)

    def topic(self, code: int) -> str:
        """The topic of `code`; codes nobody has listed are "other"."""
        known = self.codes.get(code)
        return known.topic if known else "other"


@once
def _takers(library: Library) -> Mapping[int | None, Guide]:
    """By code, the first guide that claims it; under None the first that takes any."""
    found: dict[int | None, Guide] = {}
    for guide in library.guides.values():
        for code in (*guide.codes, *((None,) if guide.takes_any_code else ())):
            found.setdefault(code, guide)
    return found


_NOTHING: Mapping[TextKey, str] = MappingProxyType({})
