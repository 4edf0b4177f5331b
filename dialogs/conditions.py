"""What a condition means: plain matches on answers, for the engine and for whoever lists paths.

It must not know where answers come from: it gets, for each subject, the values given so far. A subject is a
node (values: choice ids; check outcomes or `unknown`; `given` or `skipped` for a collected field), or `code`
(values as `code_value` writes them), or `topic` (topics of codes.yaml).
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from dialogs.guide import FixId, Match, NodeId, Try, Way

Answers: TypeAlias = Mapping[str, tuple[str, ...]]

# What a collected field counts as.
GIVEN: Final = "given"
SKIPPED: Final = "skipped"


def code_value(code: int) -> str:
    """A code as a value of the subject `code`: 50076 is "AADSTS50076"."""
    return f"AADSTS{code}"


def holds(when: Sequence[Match], answers: Answers) -> bool:
    """Whether every match holds: its subject was answered with at least one of its values.

    No match at all holds always; a subject that was never answered holds never.
    """
    for match in when:
        values = match.values
        for given in answers.get(match.subject, ()):
            if given in values:
                break
        else:
            return False
    return True


def way(ways: Sequence[Way], answers: Answers) -> NodeId:
    """Where the first way leads whose condition holds.

    Raises:
        ValueError: None holds. A compiled guide has no such ways: the last one is unconditional.
    """
    for each in ways:
        if not each.when or holds(each.when, answers):
            return each.to
    raise ValueError(f"no way on: none of {[each.to for each in ways]} holds, and the last has a condition")


def candidates(node: Try, answers: Answers) -> tuple[FixId, ...]:
    """The fixes that `node` offers, in order, each once: those an answer points to, then the general ones.

    At most `node.limit` of them; the rest is what stands on the ticket as not tried.
    """
    pointed_to = [offer.fix for offer in node.offers if offer.when and holds(offer.when, answers)]
    general = [offer.fix for offer in node.offers if not offer.when]
    return tuple(dict.fromkeys(pointed_to + general))[: node.limit]
