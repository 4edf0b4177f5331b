from collections.abc import Iterator
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.conditions import candidates, holds, way
from dialogs.guide import Ask, Check, Choice, Collect, End, Escalate, Guide, Match, Node, Offer, Try, Way
from dialogs.paths import Path, examine, paths, prompts_to_come
from dialogs.situations import TooTangled
from dialogs.ways import edges, outcomes


def guide(*nodes: Node) -> Guide:
    """A guide of these nodes that starts with the first."""
    return Guide(id="g", title="g/title", start=nodes[0].id, nodes={each.id: each for each in nodes})


def choice(name: str, *to: str, alone: bool = False) -> Choice:
    """A choice that goes `to` there, or where its node goes."""
    return Choice(id=name, label=name, go=tuple(Way(to=each) for each in to), alone=alone)


SOLVED = End(id="solved", say="s", result="solved")
HANDOVER = Escalate(id="handover", say="h", queue="desk")

# --- the same thing, done the slow and obvious way ---

Given = dict[str, tuple[str, ...]]


def picks(node: Ask) -> Iterator[tuple[str, ...]]:
    """What can be picked."""
    if not node.several:
        yield from ((each.id,) for each in node.choices)
        return
    free = [each.id for each in node.choices if not each.alone]
    yield from chain.from_iterable(combinations(free, size) for size in range(1, len(free) + 1))
    yield from ((each.id,) for each in node.choices if each.alone)


def played(guide: Guide, node_id: str, given: Given) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Every conversation from `node_id` on: the nodes it passes, its end, its prompts."""
    node = guide.nodes[node_id]

    def on(to: str, more: Given, prompts: int) -> Iterator[tuple[tuple[str, ...], str, int]]:
        for nodes, end, rest in played(guide, to, given | more):
            yield (node_id, *nodes), end, prompts + rest

    match node:
        case Ask():
            for picked in picks(node):
                told = {node_id: picked}
                ways = (
                    node.go
                    if node.several
                    else next(c.go for c in node.choices if c.id == picked[0]) or node.go
                )
                yield from on(way(ways, given | told), told, 1)
        case Collect():
            for value in ("given", "skipped") if node.skip else ("given",):
                told = {node_id: (value,)}
                yield from on(way(node.go, given | told), told, 1)
        case Check():
            for outcome in outcomes(node):
                told = {node_id: (outcome,)}
                yield from on(way(node.outcomes.get(outcome) or node.otherwise, given | told), told, 0)
        case Try():
            offered = candidates(node, given)
            for tried in range(len(offered)):
                for _ in range(3**tried):
                    yield from on(node.fixed, {}, tried + 1)
            for _ in range(3 ** len(offered)):
                yield from on(way(node.go, given), {}, len(offered))
        case Escalate():
            yield (node_id,), f"escalated:{node.queue}", 1
        case End():
            yield (node_id,), node.result, 0


def conditions(askable: Given) -> st.SearchStrategy[tuple[Match, ...]]:
    """One or two matches on subjects that can be asked for."""

    def match(subject: str) -> st.SearchStrategy[Match]:
        some = st.sampled_from([(a,) for a in askable[subject]] + list(combinations(askable[subject], 2)))
        return st.builds(Match, subject=st.just(subject), values=some)

    one = st.sampled_from(sorted(askable)).flatmap(match)
    return st.builds(lambda a: (a,), one) | st.builds(lambda a, b: (a, b), one, one)


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    """Small guides of every kind of node, with conditions on whatever lies before."""
    size = draw(st.integers(2, 4))
    names = [f"n{place}" for place in range(size)] + ["solved", "handover"]
    values: dict[str, tuple[str, ...]] = {}
    nodes: list[Node] = []
    for place in range(size):
        later = st.sampled_from(names[place + 1 :])
        name = names[place]
        kind = draw(st.sampled_from(["ask", "several", "collect", "check", "try"]))
        probe = draw(st.sampled_from(["service-health", "account-state"]))
        count = draw(st.integers(1, 3))
        own = {
            "ask": tuple("abc"[:count]),
            "several": tuple("abcd"[: count + 1]),
            "collect": ("given", "skipped"),
            "check": ("fine", "enabled", "disabled", "unknown"),
            "try": (),
        }[kind]
        askable = {**values, **({name: own} if own else {})}
        ways: st.SearchStrategy[tuple[Way, ...]] = st.builds(lambda last: (Way(to=last),), later)
        if askable:
            branch = st.builds(Way, to=later, when=conditions(askable))
            ways |= st.builds(lambda some, last: (some, Way(to=last)), branch, later)
            ways |= st.builds(lambda *some: (*some[:-1], Way(to=some[-1])), branch, branch, later)
        match kind:
            case "ask":
                choices = tuple(Choice(id=each, label=each, go=draw(st.just(()) | ways)) for each in own)
                nodes.append(Ask(id=name, say="?", choices=choices, go=draw(ways)))
            case "several":
                last = draw(st.booleans())
                some = tuple(Choice(id=each, label=each, alone=last and each == own[-1]) for each in own)
                nodes.append(Ask(id=name, say="?", choices=some, several=True, go=draw(ways)))
            case "collect":
                nodes.append(
                    Collect(id=name, say="?", go=draw(ways), skip=draw(st.sampled_from(["", "skip"])))
                )
            case "check":
                named = draw(
                    st.dictionaries(st.sampled_from(["fine", "enabled", "disabled"]), ways, max_size=2)
                )
                nodes.append(Check(id=name, probe=probe, outcomes=named, otherwise=draw(ways)))
            case _:
                earlier = st.just(()) | conditions(values) if values else st.just(())
                offers = tuple(Offer(fix=f"f{n}", when=draw(earlier)) for n in range(count))
                limit = draw(st.integers(1, 3))
                nodes.append(Try(id=name, offers=offers, limit=limit, fixed=draw(later), go=draw(ways)))
        if own:
            values[name] = own
    return guide(*nodes, SOLVED, HANDOVER)


@settings(max_examples=100)
@given(guides())
def test_paths_agree_with_playing_every_conversation(made: Guide) -> None:
    """The count is exact, the longest is the longest, and the listed paths are ones that can be played."""
    conversations = list(played(made, made.start, {}))
    found = paths(made)

    assert found.conversations == len(conversations)
    assert examine(made).longest.prompts == max(prompts for _, _, prompts in conversations)
    # two fixes in a row are one node passed once, in both
    assert {(p.nodes, p.end, p.prompts) for p in found.paths} == set(conversations)


def taken(made: Guide, node_id: str, given: Given) -> Iterator[tuple[str, Way]]:
    """Every way out of a node by which some conversation leaves it, from `node_id` on."""
    node = made.nodes[node_id]

    def on(ways: tuple[Way, ...], more: Given) -> Iterator[tuple[str, Way]]:
        first = next(each for each in ways if holds(each.when, given | more))
        yield node_id, first
        yield from taken(made, first.to, given | more)

    match node:
        case Ask():
            for picked in picks(node):
                own = next(each.go for each in node.choices if each.id == picked[0])
                yield from on(node.go if node.several else own or node.go, {node_id: picked})
        case Collect():
            for value in ("given", "skipped") if node.skip else ("given",):
                yield from on(node.go, {node_id: (value,)})
        case Check():
            for outcome in outcomes(node):
                yield from on(node.outcomes.get(outcome) or node.otherwise, {node_id: (outcome,)})
        case Try():
            yield from on(node.go, {})
            if candidates(node, given):
                yield from on((Way(to=node.fixed),), {})
        case Escalate() | End():
            return


@settings(max_examples=100)
@given(guides())
def test_a_way_counts_as_taken_when_somebody_takes_it(made: Guide) -> None:
    """No way is called useless that some answers lead along, and none useful that no answers do."""
    assert examine(made).taken == set(taken(made, made.start, {}))


@settings(max_examples=100)
@given(guides(), st.integers(1, 4))
def test_a_short_list_covers_what_the_long_one_covers(made: Guide, spare: int) -> None:
    """With room for as many paths as there are ways, nothing that can be reached is left out."""
    everything = paths(made, limit=100_000)
    reachable = covered(everything.paths)
    short = paths(made, limit=len(reachable) + spare)

    assert covered(short.paths) == reachable
    assert short.conversations == everything.conversations
    assert short.complete == everything.complete
    assert len({each.choices for each in short.paths}) == len(short.paths)


def covered(listed: tuple[Path, ...]) -> set[tuple[str, str]]:
    """The ways between two nodes that the paths take."""
    return {pair for path in listed for pair in zip(path.nodes, path.nodes[1:], strict=False)}


def test_answers_that_lead_the_same_way_are_one_path() -> None:
    """Two buttons to one place are one path and two conversations."""
    made = guide(Ask(id="q", say="?", choices=(choice("a", "solved"), choice("b", "solved"))), SOLVED)

    found = paths(made)

    assert [[each.words for each in path.choices] for path in found.paths] == [["q: a"]]
    assert (found.conversations, found.complete) == (2, True)


def test_sets_of_ticks_are_counted_without_listing_them() -> None:
    """Thirty boxes are more than a thousand million conversations, counted at once."""
    boxes = tuple(choice(f"c{n}") for n in range(30))
    ways = (Way(to="solved", when=(Match(subject="q", values=("c0",)),)), Way(to="handover"))
    made = guide(
        Ask(id="q", say="?", several=True, choices=(*boxes, choice("none", alone=True)), go=ways),
        SOLVED,
        HANDOVER,
    )

    found = paths(made)

    assert found.conversations == 2**30 - 1 + 1
    assert [path.end for path in found.paths] == ["solved", "escalated:desk"]
    assert found.complete


def test_ticks_that_each_point_to_a_fix_are_counted_without_listing_them() -> None:
    """Only the first two fixes are ever shown, so a million sets of ticks are some hundred situations."""
    ids = [f"c{n}" for n in range(20)]
    ticks = Ask(
        id="q", say="?", several=True, choices=tuple(choice(each) for each in ids), go=(Way(to="fixes"),)
    )
    offers = tuple(Offer(fix=each, when=(Match(subject="q", values=(each,)),)) for each in ids)
    fixes = Try(id="fixes", offers=offers, limit=2, fixed="solved", go=(Way(to="handover"),))

    found = paths(guide(ticks, fixes, SOLVED, HANDOVER))

    # one tick: solved by its fix, or not (same, other, could not); several: two fixes are shown
    one, several = 20, 2**20 - 1 - 20
    assert found.conversations == one * (1 + 3) + several * (1 + 3 * (1 + 3))
    assert {each.prompts for each in found.paths} == {2, 3, 4}
    assert found.complete


def test_a_fix_behind_those_that_are_shown_counts_where_another_answer_leads_past_them() -> None:
    """What makes no difference in one list of fixes may make one in the next."""
    a, b = ((Match(subject="q", values=(each,)),) for each in "ab")
    first = Try(
        id="first", limit=1, fixed="solved", go=(Way(to="second"),),
        offers=(Offer(fix="x", when=a), Offer(fix="y", when=b)),
    )  # fmt: skip
    second = Try(
        id="second", limit=1, fixed="solved", go=(Way(to="handover"),),
        offers=(Offer(fix="z", when=b),),
    )  # fmt: skip
    ticks = Ask(id="q", say="?", several=True, choices=(choice("a"), choice("b")), go=(Way(to="first"),))

    found = paths(guide(ticks, first, second, SOLVED, HANDOVER))

    assert {tuple(each.fix for each in path.choices if each.fix) for path in found.paths} == {
        ("x",), ("x", "z"), ("y",), ("y", "z"),
    }  # fmt: skip
    # a: fixed, or not and handed over; a+b and b: fixed, or not and then fixed, or not
    assert found.conversations == (1 + 3) + 2 * (1 + 3 * (1 + 3))


def test_half_of_a_condition_is_remembered_until_the_other_half_is_answered() -> None:
    """A fix that two answers point to together is offered to those who gave both."""
    both = (Match(subject="q", values=("a",)), Match(subject="r", values=("c",)))
    fixes = Try(
        id="fixes", limit=1, fixed="solved", go=(Way(to="handover"),),
        offers=(Offer(fix="x", when=both), Offer(fix="y")),
    )  # fmt: skip
    made = guide(
        Ask(id="q", say="?", several=True, choices=(choice("a"), choice("b")), go=(Way(to="r"),)),
        Ask(id="r", say="?", several=True, choices=(choice("c"), choice("d")), go=(Way(to="fixes"),)),
        fixes,
        SOLVED,
        HANDOVER,
    )

    found = paths(made)

    offered = {path.choices[2].fix: path.choices[:2] for path in found.paths}
    assert [each.words for each in offered["x"]] == ["q: a", "r: c"]
    assert set(offered) == {"x", "y"}
    assert found.conversations == 3 * 3 * (1 + 3)


def test_two_ticks_can_point_to_a_fix_together() -> None:
    """Neither alone gets it offered."""
    both = (Match(subject="q", values=("a",)), Match(subject="q", values=("b",)))
    ticks = Ask(id="q", say="?", several=True, choices=(choice("a"), choice("b")), go=(Way(to="fixes"),))
    fixes = Try(
        id="fixes", limit=1, fixed="solved", go=(Way(to="handover"),), offers=(Offer(fix="x", when=both),)
    )

    found = paths(guide(ticks, fixes, SOLVED, HANDOVER))

    assert [each.words for path in found.paths for each in path.choices if each.fix] == [
        "fixes/x: fixed",
        "fixes/x: same",
    ]
    assert found.conversations == 2 + (1 + 3)


def test_a_way_nobody_can_take_makes_the_list_incomplete() -> None:
    """`complete` is not claimed for what no answers lead to."""
    never = (Way(to="handover", when=(Match(subject="q", values=("b",)),)), Way(to="solved"))
    first = Ask(id="q", say="?", choices=(choice("a", "r"), choice("b", "solved")))
    made = guide(first, Collect(id="r", say="?", go=never), SOLVED, HANDOVER)

    assert ("r", "handover") in edges(made)
    assert not paths(made).complete


def test_each_code_a_condition_names_is_a_beginning() -> None:
    """A guide that treats one code apart is walked with that code and with any other."""
    apart = (Way(to="handover", when=(Match(subject="code", values=("AADSTS50076",)),)), Way(to="solved"))
    made = guide(Collect(id="q", say="?", go=apart), SOLVED, HANDOVER)

    found = paths(made)

    assert [[each.words for each in path.choices] for path in found.paths] == [
        ["code: AADSTS50076", "q: given"],
        ["code: other", "q: given"],
    ]
    assert found.conversations == 2


def test_prompts_to_come_count_the_one_shown() -> None:
    """Fixes not yet tried, the hand-over, and what is on the screen; who leaves early does not count."""
    offers = (Offer(fix="f"), Offer(fix="g"))
    fixes = Try(id="fixes", offers=offers, limit=2, fixed="solved", go=(Way(to="handover"),))
    first = Ask(
        id="q", say="?", choices=(choice("a", "solved"), choice("b", "fixes"), choice("c", "handover"))
    )
    made = guide(first, fixes, SOLVED, HANDOVER)

    assert prompts_to_come(made, "handover", {}) == 1
    assert prompts_to_come(made, "fixes", {}) == 3
    assert prompts_to_come(made, "fixes", {}, fix_index=1) == 2
    assert prompts_to_come(made, "q", {}) == 1 + 3
    assert prompts_to_come(made, "solved", {}) == 0


def test_prompts_to_come_follow_the_answers() -> None:
    """A fix that the answers point to is one more screen."""
    pointed = Offer(fix="g", when=(Match(subject="q", values=("b",)),))
    fixes = Try(
        id="fixes", offers=(Offer(fix="f"), pointed), limit=3, fixed="solved", go=(Way(to="handover"),)
    )
    made = guide(
        Ask(id="q", say="?", choices=(choice("a"), choice("b")), go=(Way(to="fixes"),)),
        fixes,
        SOLVED,
        HANDOVER,
    )

    assert prompts_to_come(made, "fixes", {"q": ("a",)}) == 2
    assert prompts_to_come(made, "fixes", {"q": ("b",)}) == 3


def test_a_guide_nobody_could_survey_is_refused() -> None:
    """Conditions that combine without end are an error in time, not a bot that hangs."""
    asks: list[Node] = [
        Ask(id=f"q{n}", say="?", choices=(choice("a"), choice("b")), go=(Way(to=f"q{n + 1}"),))
        for n in range(40)
    ]
    ways = tuple(Way(to="solved", when=(Match(subject=f"q{n}", values=("a",)),)) for n in range(40))
    last = Collect(id="q40", say="?", go=(*ways, Way(to="handover")))

    with pytest.raises(TooTangled):
        paths(guide(*asks, last, SOLVED, HANDOVER))
