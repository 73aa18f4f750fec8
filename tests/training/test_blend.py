"""With few ends known the rules say most of a propensity, with many the model says all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.blend import NOTHING, SURE, Blend, RulesLine, chance_at, weight_of
from training.blend import HALVES, blend, rules_line

GROUPS = [str(at) for at in range(400)]
CHANCE = np.random.default_rng(8)
PRIORITIES = CHANCE.uniform(0, 60, 400)
TRUTH = CHANCE.normal(size=400)
"""What a model knows beside the rules."""


def _won(logits, seed=3):
    return (np.random.default_rng(seed).random(len(logits)) < 1 / (1 + np.exp(-logits))).astype(
        float
    )


@given(st.integers(0, 2_000), st.sampled_from(HALVES))
def test_the_weight_only_grows_with_evidence(evidence, half):
    """One more won deal never makes the model less believed."""
    assert 0 <= weight_of(evidence, half) <= weight_of(evidence + 1, half) <= 1


@pytest.mark.parametrize("half", HALVES)
def test_the_weight_begins_at_nothing_and_ends_at_one(half):
    """Without evidence rules alone; with plenty the model as it is, to the last digit."""
    assert weight_of(NOTHING, half) == 0
    assert 0 < weight_of(NOTHING + 1, half) < 0.3
    assert 0.99 < weight_of(SURE - 1, half) < 1
    assert weight_of(SURE, half) == 1


def test_rules_without_a_win_tell_less_than_one_lead_has_shown():
    """Not 0: a half of a win is believed until more is known."""
    line = rules_line(PRIORITIES[:50], np.zeros(50))

    told = [chance_at(line.logit_at(one)) for one in (0.0, 30.0, 60.0)]
    assert told == sorted(told)
    assert 0.001 < told[0] < told[-1] < 0.04


def test_rules_of_many_ends_follow_them():
    """The line that made the ends is found again, whatever was believed before."""
    logits = -3 + 0.06 * np.tile(PRIORITIES, 25)

    line = rules_line(np.tile(PRIORITIES, 25), _won(logits))

    assert line.slope == pytest.approx(0.06, abs=0.006)
    assert line.logit_at(30) == pytest.approx(-1.2, abs=0.1)


def test_rules_that_order_upside_down_are_not_turned_around():
    """A priority that misleads is passed over; nobody is told the reverse of what rules say."""
    line = rules_line(PRIORITIES, _won(1 - 0.1 * PRIORITIES))

    assert line.slope >= 0
    assert line.logit_at(60) - line.logit_at(0) < 0.1


def test_rules_that_say_the_same_of_all_tell_the_rate():
    """No spread, no slope, no division by nothing."""
    line = rules_line(np.full(100, 20.0), np.r_[np.ones(20), np.zeros(80)])

    assert line.slope == 0
    assert chance_at(line.logit_at(99)) == pytest.approx(0.2, abs=0.01)


def test_beyond_the_leads_that_taught_the_line_is_level():
    """A visitor hotter than anybody before is not told a chance that nothing stands for."""
    line = RulesLine(0.1, -4.0, 5.0, 40.0)

    assert line.logit_at(99) == line.logit_at(40)
    assert line.logit_at(0) == line.logit_at(5)


@pytest.mark.parametrize(("ours", "rules", "more"), [(1.5, 0.0, True), (0.0, 0.12, False)])
def test_the_better_of_both_is_believed_sooner(ours, rules, more):
    """`half` follows what was seen out of fold: here one of the two says nothing."""
    won = _won(-1 + ours * TRUTH + rules * (PRIORITIES - 30))
    model = -1 + ours * TRUTH if ours else -1 + 1.5 * np.random.default_rng(1).normal(size=400)

    found = blend(model, PRIORITIES, won, GROUPS, 5, 3).blend

    assert found.half is not None
    assert (found.half < 24) is more
    assert (found.won + found.lost, found.rules_version) == (400, 3)


def test_a_row_is_not_judged_by_its_own_end():
    """Out of fold: turning one end around leaves what rules say of that lead as it was."""
    won = _won(-1 + 0.03 * PRIORITIES)
    turned = won.copy()
    turned[7] = 1 - turned[7]

    first, again = (blend(TRUTH, PRIORITIES, one, GROUPS, 5, 1).margins for one in (won, turned))

    assert first[7] == again[7]
    assert (first != again).sum() > 200


def test_what_weighs_more_than_everything_is_not_sound():
    """A card with it is refused."""
    line = RulesLine(0.1, 0.0, 0.0, 100.0)
    assert Blend(won=20, lost=90, weight=0.5, half=16.0, rules=line).is_sound
    for weight, rules in ((1.5, line), (-0.1, line), (math.nan, line), (0.5, None)):
        assert not Blend(won=20, lost=90, weight=weight, rules=rules).is_sound
    assert not Blend(won=20, lost=90, weight=0.5, rules=RulesLine(-1.0, 0.0, 0.0, 9.0)).is_sound
