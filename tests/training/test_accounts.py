"""An account is its people: two who hesitate may be worth more than one who is keen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import from_iso
from events.labels import Label
from features.vector import FeatureVector
from scoring.account import any_of
from training.accounts import evaluate_accounts
from training.dataset import Example

CREATED = from_iso("2026-01-05")
CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@given(CHANCES)
def test_an_account_is_at_least_as_likely_as_its_best_person(chances):
    """And never surer than sure."""
    told = any_of(chances)

    assert told is not None
    assert max(chances) - 1e-12 <= told <= 1


@given(CHANCES, st.floats(0, 1))
def test_one_more_person_never_lowers_it(chances, another):
    """Who joins brings a chance of their own."""
    assert any_of([*chances, another]) >= any_of(chances) - 1e-12


def test_tiny_chances_add_up_and_nobody_has_none():
    """A thousand people of one in a million: a rounding to 0 would lose them."""
    assert any_of([]) is None
    assert any_of([0.5, 0.5]) == 0.75
    assert any_of([1e-9] * 1_000) == pytest.approx(1e-6, rel=1e-3)
    assert any_of([0.3, 1.0]) == 1.0


def _example(number, group, won):
    told = Label(f"c{number}", CREATED, won, None)
    return Example(told, 30, FeatureVector(f"l{number}", group, told.moment(30), {}), group)


def test_accounts_are_judged_as_a_whole():
    """Two people of 0.4 beat one of 0.5; by the best person it would be the other way round."""
    people = [("a", 0.4, False), ("a", 0.4, True), ("b", 0.5, False), ("c", 0.1, False)]
    tested = [_example(at, group, won) for at, (group, _, won) in enumerate(people)]

    told = evaluate_accounts(tested, [chance for _, chance, _ in people])

    assert {name: one["rows"] for name, one in told.items()} == {"any": 3, "best": 3, "mean": 3}
    assert told["any"]["won"] == 1
    assert (told["any"]["auc"], told["best"]["auc"]) == (1.0, 0.5)
    assert math.isclose(told["any"]["brier"], (0.36**2 + 0.5**2 + 0.1**2) / 3)
