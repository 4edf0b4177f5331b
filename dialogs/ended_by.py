"""What ended a case: a fix of its guide, or something else; which can be named, and in which order.

It must not know how an agent names it, nor what is made of it.
"""

from collections.abc import Collection
from typing import Final

from dialogs.guide import FixId, GuideId, TextKey, Try
from dialogs.library import Library

SOMETHING_ELSE: Final = "*"  # in the place of a fix; no fix can be called that


def fixes_of(library: Library, guide: GuideId) -> tuple[FixId, ...]:
    """The fixes a guide can offer, each once, in its order; none of a guide that is not there (any more)."""
    found = library.guides.get(guide)
    nodes = found.nodes.values() if found is not None else ()
    offered = (offer.fix for node in nodes if isinstance(node, Try) for offer in node.offers)
    return tuple(fix for fix in dict.fromkeys(offered) if fix in library.fixes)


def namable(
    library: Library, guide: GuideId, *, tried: Collection[TextKey], untried: Collection[TextKey]
) -> tuple[FixId, ...]:
    """The fixes of a guide, the most likely ones first.

    Args:
        library: The content.
        guide: The case's.
        tried: Names of those the person has tried: they come last.
        untried: Names of those an answer points to and nobody has tried: they come first.
    """

    def rank(fix: FixId) -> int:
        name = library.fixes[fix].name
        return 2 if name in tried else 0 if name in untried else 1

    return tuple(sorted(fixes_of(library, guide), key=rank))


def accepted(library: Library, guide: GuideId, fix: str) -> str:
    """What an agent named, if it can be: else "", as if nothing had been named.

    The case of an older version does not say which guide it came from: then it may be any fix there is.
    """
    known: Collection[str] = fixes_of(library, guide) if guide else library.fixes
    return fix if fix == SOMETHING_ELSE or fix in known else ""


def fix_called(name: TextKey) -> FixId:
    """The fix whose name is `name`, as it stands in a case; what is no such name stands as it is."""
    return name.removeprefix("fix/").removesuffix("/name")
