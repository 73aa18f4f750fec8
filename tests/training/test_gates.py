"""The gates: each can refuse, and only a sure gain promotes."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.retraining import Decision
from training.gates import LEAST, Answers, Cost, Rival, judge

ROWS = 1_500
CHEAP = Cost(one_lead_ms=0.1, tree_bytes=10_000)
_chance = np.random.default_rng(5)
TRUTH = _chance.normal(size=ROWS) * 1.5 - 1.0
WON = _chance.random(ROWS) < 1 / (1 + np.exp(-TRUTH))
GROUPS = [f"account-{row // 3}" for row in range(ROWS)]
NOISE = _chance.normal(size=ROWS)


def chances(margins):
    return 1 / (1 + np.exp(-margins))


GOOD, POOR = chances(TRUTH), chances(0.4 * TRUTH + 0.6 * NOISE - 0.6)


def verdict(new, old, *, cost=CHEAP, slices=None, won=WON):
    tested = Answers(won, GROUPS[: len(won)], new[: len(won)], slices or {})
    old = old[: len(won)]
    return judge(tested, Rival("champion 1", old, old, is_model=True), cost, seed=7)


def failed(told):
    return [gate.name for gate in told.gates if not gate.passed]


def test_what_is_surely_better_is_promoted_and_says_by_how_much():
    told = verdict(GOOD, POOR)
    assert told.decision is Decision.PROMOTED
    assert told.reasons[0].startswith("average precision 0.")
    assert failed(told) == []


def test_what_is_surely_worse_is_refused():
    told = verdict(POOR, GOOD)
    assert told.decision is Decision.REFUSED
    assert set(failed(told)) >= {"average_precision", "log_loss"}


def test_the_same_again_may_only_challenge():
    """Chance alone promotes nothing."""
    assert verdict(GOOD, GOOD).decision is Decision.CHALLENGER
    little = chances(TRUTH + 0.02 * NOISE)
    assert verdict(little, GOOD).decision is Decision.CHALLENGER


def test_a_better_order_does_not_pay_for_chances_that_are_wrong():
    """Sellers plan by the number."""
    told = verdict(chances(1.8 * TRUTH + 1.2), chances(0.9 * TRUTH + 0.3 * NOISE))
    assert told.decision is Decision.REFUSED
    assert "calibration_error" in failed(told)


def test_a_slice_that_collapses_refuses_a_better_average():
    """A model that no longer understands one region is no use to whoever sells there."""
    region = ["north" if row // 3 % 5 == 0 else "south" for row in range(ROWS)]
    north = np.array([name == "north" for name in region])
    new, old = np.where(north, chances(NOISE - 1), GOOD), np.where(north, GOOD, POOR)
    told = verdict(new, old)
    assert told.decision is Decision.PROMOTED
    sliced = verdict(new, old, slices={"region": region})
    assert sliced.decision is Decision.REFUSED
    assert failed(sliced) == ["slices"]
    assert sliced.reasons[0].startswith("region north: log loss")


@pytest.mark.parametrize(
    ("cost", "gate"), [(Cost(6.0, 1), "latency"), (Cost(0.1, 30_000_000), "size")]
)
def test_a_model_that_costs_too_much_is_refused(cost, gate):
    told = verdict(GOOD, POOR, cost=cost)
    assert told.decision is Decision.REFUSED
    assert failed(told) == [gate]


def test_too_few_test_leads_prove_nothing():
    """With nine wins the better model is not known; with none there is nothing to divide by."""
    won = np.zeros(40, dtype=bool)
    won[: LEAST - 1] = True
    told = verdict(GOOD, POOR, won=won)
    assert told.decision is Decision.CHALLENGER
    assert told.reasons[0].startswith(f"{LEAST - 1} test leads were won and 31 were not")
    assert verdict(GOOD, POOR, won=won[:0]).decision is Decision.CHALLENGER


def test_a_first_model_has_to_beat_rules_and_the_average_win_rate():
    """Rules say an order, the average a chance: neither may be better, one has to be beaten."""
    tested = Answers(WON, GROUPS, GOOD, {})
    average = np.full(ROWS, WON.mean())
    rules = Rival("rules alone", NOISE, average, is_model=False)
    assert judge(tested, rules, CHEAP, seed=7).decision is Decision.PROMOTED
    strong = Rival("rules alone", TRUTH * 5, average, is_model=False)
    told = judge(tested._replace(chances=POOR), strong, CHEAP, seed=7)
    assert told.decision is Decision.REFUSED
    assert failed(told) == ["average_precision"]
