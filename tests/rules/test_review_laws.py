"""The laws of the review, on random rules and leads: it never contradicts what a rule does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, reject
from hypothesis import strategies as st
from random_rules import CONDITIONS, LEADS
from review_bench import BOOK

from rules import Facts, review
from rules.language.cases import Want, both, cases, possible
from rules.language.conditions import AllOf, Compare, Condition
from rules.language.rows import compile_row
from rules.review import problems as find_problems


def truth_of(condition: Condition, lead: Facts) -> bool | None:
    """An age of 10^300 days is no moment: such a rule fails for such a lead, and says nothing."""
    try:
        return compile_row(condition)(lead)
    except OverflowError:
        reject()


@given(CONDITIONS, LEADS)
def test_nothing_is_called_impossible_that_happens(condition: Condition, lead: Facts) -> None:
    """However odd the rule and the lead: the review never contradicts the rule itself."""
    truth = truth_of(condition, lead)
    wanted: dict[bool | None, tuple[Want, Want]] = {
        True: (Want.TRUE, Want.NOT_FALSE),
        False: (Want.FALSE, Want.NOT_TRUE),
    }
    for want in wanted.get(truth, (Want.NOT_TRUE, Want.NOT_FALSE)):
        assert possible(cases(condition, want))


@given(CONDITIONS, CONDITIONS, LEADS)
def test_no_rule_is_called_a_shadow_that_is_none(
    first: Condition, second: Condition, lead: Facts
) -> None:
    """Where the second holds and the first does not, the first does not imply it."""
    if truth_of(second, lead) is True and truth_of(first, lead) is not True:
        together = both([cases(second, Want.TRUE), cases(first, Want.NOT_TRUE)])
        assert possible(together)


@given(CONDITIONS)
def test_a_condition_and_its_opposite_are_found_out(condition: Condition) -> None:
    """Some power beside the soundness: nothing is true and not true."""
    true, not_true = cases(condition, Want.TRUE), cases(condition, Want.NOT_TRUE)
    assert not possible(both([true, not_true]))


@given(CONDITIONS, CONDITIONS, LEADS)
def test_no_route_is_called_hidden_that_has_its_turn(
    first: Condition, second: Condition, lead: Facts
) -> None:
    """The whole look, with what it passes over for speed: nothing is told that is not so."""
    if truth_of(second, lead) is True and truth_of(first, lead) is not True:
        rules = [
            (target[0]._replace(when=when), target[1])
            for target, when in zip(BOOK.routing.rules[:2], (first, second), strict=True)
        ]
        book = replace(BOOK, routing=BOOK.routing._replace(rules=tuple(rules)))
        assert not [one for one in find_problems(book) if "its turn" in one.message]


@given(CONDITIONS, CONDITIONS)
def test_what_is_passed_over_for_speed_hides_nothing(first: Condition, second: Condition) -> None:
    """A quick look that is wrong would hide a shadow from the author."""
    rule = BOOK.routing.rules[0][0]
    try:
        one, two = (review._route(rule._replace(when=when)) for when in (first, second))
    except OverflowError:
        reject()
    if not one.may_hide(two):
        assert not review._implies(two, one)


SMALL = st.integers(0, 4)


@given(SMALL, SMALL, SMALL)
def test_ranges_are_judged_exactly(low: int, high: int, out: int) -> None:
    """Of one number, everything that is impossible is found."""
    when = AllOf(
        (
            Compare("sessions_7d", "above", low),
            Compare("sessions_7d", "at_most", high),
            Compare("sessions_7d", "is_not", out),
        )
    )
    assert bool(possible(cases(when, Want.TRUE))) is (low < high)
