"""Where a guide leads as a whole: no circles, nobody left behind, every path short enough.

It looks at guides whose names all exist (`dialogs.language.checks`) and must not know words.
"""

from collections.abc import Mapping
from typing import Final

from dialogs.guide import Code, End, Escalate, Guide, NodeId, Way
from dialogs.language.parts import GuideFile
from dialogs.paths import examine
from dialogs.situations import TooTangled
from dialogs.ways import exits, targets

LONGEST: Final = 15  # prompts; people give up long before


def check_flow(file: GuideFile, codes: Mapping[int, Code]) -> None:
    """Complain about circles, nodes outside all paths, and paths that are too long."""
    guide = file.guide
    if guide is None or file.broken or guide.start not in guide.nodes:
        return
    leads = {each.id: [to for to in targets(each) if to in guide.nodes] for each in guide.nodes.values()}
    circles = _circles(leads)
    for circle in circles:
        file.report.error(
            "G211",
            file.places.at(guide.nodes[circle[0]]),
            f"a circle, so that somebody could go round for ever: {' -> '.join([*circle, circle[0]])}",
            "lead one of them somewhere else; going back is a button people always have",
        )
    if any(each.code in ("G201", "G214") for each in file.report.found):
        return  # whatever else seems lost is lost because of that
    reached = _from([guide.start], leads)
    for node in guide.nodes.values():
        if node.id not in reached:
            file.report.error(
                "G212",
                file.places.at(node),
                f'nothing leads to node "{node.id}"',
                "lead somebody there, or delete it",
            )
    back: dict[NodeId, list[NodeId]] = {each: [] for each in leads}
    for each, to_all in leads.items():
        for to in to_all:
            back[to].append(each)
    ends = _from([n.id for n in guide.nodes.values() if isinstance(n, End | Escalate)], back)
    for node in guide.nodes.values():
        if node.id not in ends and not any(node.id in circle for circle in circles):
            file.report.error(
                "G213",
                file.places.at(node),
                f'from node "{node.id}" no way leads to an end',
                "add an escalate node",
            )
    # conditions can only be followed where they are understood and each list of ways takes everybody
    if not file.report.failed or all(each.code in _HARMLESS for each in file.report.found):
        _check_paths(file, guide, codes)


# problems in whose presence the paths can still be listed
_HARMLESS: Final = frozenset({"G013", "G108", "G112", "G202", "G207", "G212", "G217", "G302", "G110"})


def _check_paths(file: GuideFile, guide: Guide, codes: Mapping[int, Code]) -> None:
    try:
        seen = examine(guide, codes)
    except TooTangled as error:
        file.report.error(
            "G220", file.head, f"the conditions combine too often: {error}", "make two guides of it"
        )
        return
    if seen.longest.prompts > LONGEST:
        file.report.error(
            "G218",
            file.places.at(guide, "start"),
            f"one path has {seen.longest.prompts} prompts, {LONGEST} are allowed: "
            + " -> ".join(seen.longest.nodes),
            "hand over earlier, or offer fewer fixes",
        )
    reached = _from([guide.start], {each.id: list(targets(each)) for each in guide.nodes.values()})
    for node in guide.nodes.values():
        said: set[Way] = set()
        for each in exits(node) if node.id in reached else ():
            for way in each.ways:
                if (node.id, way) not in seen.taken and way not in said:
                    said.add(way)
                    file.report.warning(
                        "G219",
                        file.places.at(way),
                        f'no answers ever lead this way from "{node.id}" to "{way.to}"',
                        "is the condition the one you meant?"
                        if way.when
                        else "the ways before it take everybody",
                    )


def _from(starts: list[NodeId], leads: Mapping[NodeId, list[NodeId]]) -> set[NodeId]:
    seen: set[NodeId] = set()
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += leads[here]
    return seen


def _circles(leads: Mapping[NodeId, list[NodeId]]) -> list[list[NodeId]]:
    """One circle for each group of nodes that lead to each other, in the author's order."""
    found: list[list[NodeId]] = []
    told: set[NodeId] = set()
    for start in leads:
        if start in told or start not in _from(leads[start], leads):
            continue
        # the shortest way round: breadth first from start to start
        came: dict[NodeId, NodeId] = {}
        waiting = [start]
        while start not in came:
            here = waiting.pop(0)
            for to in leads[here]:
                if to not in came:
                    came[to] = here
                    waiting.append(to)
        circle = [came[start]]
        while circle[-1] != start:
            circle.append(came[circle[-1]])
        circle.reverse()
        group = _from(leads[start], leads)
        told |= {each for each in group if start in _from(leads[each], leads)}
        found.append(circle)
    return found
