import pytest

from dialogs.conditions import candidates, code_value, holds, way
from dialogs.guide import Match, Offer, Try, Way

SAW_LOOP = (Match(subject="seen", values=("loop", "circle")),)


def test_no_condition_always_holds() -> None:
    """An empty `when` holds for anybody."""
    assert holds((), {})


def test_one_of_several_values_is_enough() -> None:
    """Several values of a subject mean: any of them."""
    assert holds(SAW_LOOP, {"seen": ("terms", "circle")})
    assert not holds(SAW_LOOP, {"seen": ("terms",)})


def test_every_subject_must_hold() -> None:
    """Several subjects mean: all of them."""
    when = (*SAW_LOOP, Match(subject="code", values=(code_value(50076),)))

    assert holds(when, {"seen": ("loop",), "code": ("AADSTS50076",)})
    assert not holds(when, {"seen": ("loop",)})


def test_the_first_way_that_holds_is_taken() -> None:
    """Ways are ordered; the last one has no condition and takes the rest."""
    ways = (Way(to="a", when=SAW_LOOP), Way(to="b"))

    assert way(ways, {"seen": ("loop",)}) == "a"
    assert way(ways, {}) == "b"


def test_ways_without_a_way_on_are_refused() -> None:
    """A list of ways that leaves somebody standing is a mistake of the guide, and says so."""
    with pytest.raises(ValueError, match="no way on"):
        way((Way(to="a", when=SAW_LOOP),), {})


def test_fixes_an_answer_points_to_come_first() -> None:
    """The best evidence is offered first, then the general fixes, each once, and only so many."""
    node = Try(
        id="fixes",
        offers=(
            Offer(fix="general"),
            Offer(fix="loop", when=SAW_LOOP),
            Offer(fix="last"),
            Offer(fix="never"),
        ),
        limit=3,
        fixed="solved",
        go=(Way(to="handover"),),
    )

    assert candidates(node, {"seen": ("loop",)}) == ("loop", "general", "last")
    assert candidates(node, {}) == ("general", "last", "never")
