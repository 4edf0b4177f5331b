"""Do the names in a guide exist, and do all files agree: targets, fixes, probes, queues, conditions, codes.

It looks at parts that were read and must not know YAML. Where ways lead as a whole is asked in
`dialogs.language.flow`, how words read in `dialogs.language.wording`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from dialogs.conditions import GIVEN, SKIPPED
from dialogs.guide import (
    EVIDENCE_SUBJECTS,
    Ask,
    Check,
    Collect,
    Escalate,
    FixId,
    Match,
    Node,
    NodeId,
    Try,
    Way,
)
from dialogs.language.diagnostics import Span, suggest, unread
from dialogs.language.parts import CodeFile, FixFile, GuideFile, TranslationFile
from dialogs.probes import PROBES, UNKNOWN
from dialogs.spelling import Words, words_of
from dialogs.ways import exits, outcomes, targets

MOST_BUTTONS: Final = 6  # a card shows so many without scrolling on a phone


class Known(msgspec.Struct, frozen=True):
    """What other files have. None: that file is not there, so nothing can be said against a name."""

    fixes: frozenset[FixId] | None
    queues: frozenset[str] | None
    codes: CodeFile | None


def check_names(file: GuideFile, known: Known) -> None:
    """Everything that a guide names must exist."""
    guide = file.guide
    if guide is None:
        return
    ids = frozenset(guide.nodes) | file.broken
    if guide.start and guide.start not in ids:
        file.report.error(
            "G201",
            file.places.at(guide, "start"),
            f'the guide starts with "{guide.start}", but has no such node',
            suggest(guide.start, ids),
        )
    for node in guide.nodes.values():
        _check_targets(file, node, ids)
        _check_node(file, node, known)
    _check_conditions(file, known)
    _check_sources(file)


def _check_targets(file: GuideFile, node: Node, ids: frozenset[NodeId]) -> None:
    said = set()
    for each in exits(node):
        for way in each.ways:
            span = file.places.at(node, "fixed") if isinstance(node, Try) and way.to == node.fixed else Span()
            span = file.places.at(way) if file.places.at(way) != Span() else span
            if way.to and way.to not in ids and span not in said:
                said.add(span)
                file.report.error(
                    "G201",
                    span,
                    f'this leads to "{way.to}", but the guide has no such node',
                    suggest(way.to, ids),
                )
        _check_order(file, each.ways)


def _check_order(file: GuideFile, ways: tuple[Way, ...]) -> None:
    """Conditions first, then one way that takes everybody else."""
    for place, way in enumerate(ways):
        if way.when and place == len(ways) - 1:
            file.report.error(
                "G215",
                file.places.at(way, "when"),
                "the last way has a condition: who does not fit it is left standing",
                'add a last "- to:" without "when"',
            )
        elif not way.when and place < len(ways) - 1:
            file.report.error(
                "G216",
                file.places.at(ways[place + 1]),
                "nobody gets here: the way before it has no condition and takes everybody",
                "put the way without a condition last",
            )
            break


def _check_node(file: GuideFile, node: Node, known: Known) -> None:
    report, at = file.report, file.places.at
    match node:
        case Ask():
            if not node.several and len(node.choices) > MOST_BUTTONS:
                report.error(
                    "G302",
                    at(node, "ask"),
                    f"{len(node.choices)} buttons; a phone shows {MOST_BUTTONS} at once",
                    "group them, or ask in two steps",
                )
            for choice in node.choices:
                if not (node.several or choice.go or node.go):
                    report.error(
                        "G214",
                        at(choice),
                        f'"{choice.id}" leads nowhere: neither the choice nor the node has "go"',
                        'add "go" to the node, or "label" and "go" to the choice',
                    )
            if node.several and not node.go:
                report.error("G214", at(node), f'node "{node.id}" leads nowhere', 'add "go"')
            if node.several and node.choices and all(choice.alone for choice in node.choices):
                report.error(
                    "G110", at(node, "several"), "no two of these can be picked together", 'delete "several"'
                )
            if node.go and not node.several and node.choices and all(choice.go for choice in node.choices):
                report.warning(
                    "G110", at(node, "go"), '"go" has no effect: every choice has its own', "delete it"
                )
        case Check() if node.probe and node.probe not in PROBES:
            report.error(
                "G204", at(node, "check"), f'there is no check "{node.probe}"', suggest(node.probe, PROBES)
            )
        case Check():
            possible = outcomes(node)
            for prefix, named in (("outcome ", node.outcomes), ("rules-out ", node.rules_out)):
                for outcome in named:
                    if outcome not in possible or (prefix == "outcome " and outcome == UNKNOWN):
                        remedy = '"otherwise" takes what it cannot tell' if outcome == UNKNOWN else ""
                        report.error(
                            "G206",
                            at(node, prefix + outcome),
                            f'the check {node.probe} cannot come to "{outcome}"',
                            remedy or suggest(outcome, possible[:-1]),
                        )
            for outcome in possible[:-1]:
                if outcome not in node.outcomes:
                    report.warning(
                        "G207",
                        at(node, "outcomes"),
                        f'the check can come to "{outcome}", which takes "otherwise" as if it could not tell',
                        f'add "{outcome}" to the outcomes',
                    )
        case Try():
            for offer in node.offers:
                if known.fixes is not None and offer.fix not in known.fixes:
                    report.error(
                        "G203",
                        at(offer),
                        f'there is no fix "{offer.fix}"',
                        suggest(offer.fix, known.fixes) or "a fix stands in fixes/ and is named by its id",
                    )
        case Escalate(queue=queue) if queue and known.queues is not None and queue not in known.queues:
            report.error(
                "G205",
                at(node, "escalate"),
                f'there is no queue "{queue}": the bot has no text queue/{queue}',
                suggest(queue, known.queues),
            )
        case _:
            pass


def _conditions(node: Node) -> Iterator[tuple[tuple[Match, ...], bool]]:
    """The conditions of a node, and whether its own answer is known where they are asked for."""
    for each in exits(node):
        for way in each.ways:
            yield way.when, not isinstance(node, Try)
    match node:
        case Try(offers=offers):
            yield from ((offer.when, False) for offer in offers)
        case Escalate(hints=hints, grades=grades):
            yield from ((hint.when, False) for hint in hints)
            yield from ((grade.when, False) for grade in grades)
        case _:
            pass


def _check_conditions(file: GuideFile, known: Known) -> None:
    assert file.guide is not None
    nodes = file.guide.nodes
    before = _before(nodes)
    lost = any(each.code == "G201" for each in file.report.found)  # then nobody knows what lies before what
    for node in nodes.values():
        for when, own in _conditions(node):
            for match in when:
                subject, span = match.subject, file.places.at(match)
                if subject in file.broken:
                    continue
                if subject not in EVIDENCE_SUBJECTS and subject not in nodes:
                    possible = [*EVIDENCE_SUBJECTS, *before[node.id]]
                    file.report.error(
                        "G208", span, f'there is no node "{subject}" to ask for', suggest(subject, possible)
                    )
                    continue
                values = _values(subject, nodes, known)
                if values == ():
                    file.report.error(
                        "G208",
                        span,
                        f'"{subject}" has no answer that a condition can ask for',
                        "only ask, collect and check nodes have one",
                    )
                    continue
                known_there = subject in before[node.id] or (own and subject == node.id) or lost
                if subject in nodes and not known_there:
                    file.report.error(
                        "G209",
                        span,
                        f'"{subject}" does not lie before "{node.id}", so its answer is never known here',
                        suggest(subject, [each for each in before[node.id] if _values(each, nodes, known)]),
                    )
                _check_values(file, match, values)


def _check_values(file: GuideFile, match: Match, values: tuple[str, ...] | None) -> None:
    for value in match.values:
        if values is not None and value not in values:
            file.report.error(
                "G210",
                file.places.at(match, value),
                f'"{match.subject}" cannot be "{value}"',
                suggest(value, values),
            )


def _values(subject: str, nodes: Mapping[NodeId, Node], known: Known) -> tuple[str, ...] | None:
    """What `subject` can be; None where anything is possible, nothing where it has no answer."""
    if subject == "topic":
        return known.codes.topics if known.codes else None
    if subject == "code":
        return None
    match nodes[subject]:
        case Ask(choices=choices):
            return tuple(choice.id for choice in choices)
        case Collect(skip=skip):
            return (GIVEN, SKIPPED) if skip else (GIVEN,)
        case Check() as node:
            return outcomes(node)
        case _:
            return ()


def _before(nodes: Mapping[NodeId, Node]) -> dict[NodeId, frozenset[NodeId]]:
    """For each node, all that can lie before it on some path."""
    leads_to: dict[NodeId, set[NodeId]] = {each: set() for each in nodes}
    for node in nodes.values():
        for to in targets(node):
            if to in leads_to:
                leads_to[to].add(node.id)
    found = {}
    for each in nodes:
        seen: set[NodeId] = set()
        waiting = list(leads_to[each])
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += leads_to[here]
        found[each] = frozenset(seen)
    return found


def _check_sources(file: GuideFile) -> None:
    for step, span in file.covered:
        if step not in file.steps:
            file.report.error(
                "G202", span, f'the source of this guide has no step "{step}"', suggest(step, file.steps)
            )
    covered = {step for step, _ in file.covered}
    for step, span in file.steps.items():
        if step not in covered and not file.broken:
            file.report.error(
                "G217",
                span,
                f'no node covers step "{step}" of the source',
                f'add "covers: [{step}]" where it belongs',
            )


def check_claims(files: Iterable[GuideFile], codes: CodeFile | None) -> None:
    """Each code has one guide, and one guide takes the rest."""
    claimed: dict[int, str] = {}
    any_code = ""
    for file in files:
        if (guide := file.guide) is None:
            continue
        for code in guide.codes:
            span = file.places.at(file.report, f"code {code}")
            if code in claimed:
                file.report.error("G501", span, f'the guide "{claimed[code]}" takes AADSTS{code} already')
            claimed.setdefault(code, guide.id)
            if codes is not None and code not in codes.codes:
                file.report.warning(
                    "G503", span, f"codes.yaml does not list AADSTS{code}, so nothing is known about it"
                )
        if guide.takes_any_code:
            if any_code:
                file.report.error(
                    "G502", file.places.at(guide, "codes"), f'the guide "{any_code}" takes any code already'
                )
            any_code = any_code or guide.id


def check_phrases(guides: Mapping[str, GuideFile], translations: Iterable[TranslationFile]) -> None:
    """What people write for a guide leads to one, in whatever language: what leads to two leads nowhere.

    Args:
        guides: By path.
        translations: Of guides, and of whatever else.
    """
    written = [(path, file.report, file.phrases) for path, file in guides.items()]
    written += [(file.original, file.report, file.phrases) for file in translations]
    claimed: dict[Words, str] = {}
    for path, report, phrases in written:
        for phrase, span in phrases:
            words = words_of(phrase)
            first = claimed.setdefault(words, path)
            if words and first != path:
                report.error(
                    "G507",
                    span,
                    f'{first} has these words already: who writes "{phrase}" would get to neither guide',
                    "take other words, or leave them to one of the two",
                )


def check_fixes(fix_files: Iterable[FixFile], guide_files: Iterable[GuideFile]) -> None:
    """Each fix has one file and at least one guide that offers it.

    While a guide cannot be read nobody knows what it offers, and the mistake in it is the news.
    """
    guide_files = tuple(guide_files)
    all_read = all(file.guide and not unread(file.report) for file in guide_files)
    used = {
        offer.fix
        for file in guide_files
        if file.guide
        for node in file.guide.nodes.values()
        if isinstance(node, Try)
        for offer in node.offers
    }
    seen: dict[FixId, str] = {}
    for file in fix_files:
        for fix in file.fixes.values():
            span = file.places.at(fix)
            if fix.id in seen:
                file.report.error("G506", span, f'{seen[fix.id]} has a fix "{fix.id}" already')
            seen.setdefault(fix.id, file.report.path)
            if all_read and fix.id not in used:
                file.report.warning("G504", span, f'no guide offers the fix "{fix.id}"')
