"""Figures of a weighting are those of rows that come so many times; ties are no order."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from training.bootstrap import judge
from training.compare import calibration_error
from training.weighted import METRICS, figures

CHANCE = np.random.default_rng(4)
ROWS = 400
TOLD = np.round(CHANCE.random(ROWS), 2)
WON = CHANCE.random(ROWS) < TOLD
VALUES = CHANCE.integers(1, 9, ROWS).astype(float)
GROUPS = [str(at // 4) for at in range(ROWS)]


def test_they_are_those_of_scikit_learn():
    """With every row once, and with rows that come twice or not at all."""
    weights = np.vstack([np.ones(ROWS), CHANCE.integers(0, 3, ROWS)])

    found = figures(WON, TOLD, VALUES, weights)

    for at, each in enumerate(weights):
        assert found["auc"][at] == pytest.approx(roc_auc_score(WON, TOLD, sample_weight=each))
        wanted = average_precision_score(WON, TOLD, sample_weight=each)
        assert found["average_precision"][at] == pytest.approx(wanted)
        assert found["log_loss"][at] == pytest.approx(log_loss(WON, TOLD, sample_weight=each))
    assert found["calibration_error"][0] == pytest.approx(
        calibration_error(WON.tolist(), TOLD.tolist())
    )


def test_the_best_tenth_wins_and_earns_what_is_in_it():
    """Ten of a hundred leads, five of ten wins, and one deal that is worth most of all."""
    won = np.arange(100) % 20 < 2
    told = np.where(np.arange(100) < 10, 0.9, 0.1)
    won[:10] = np.arange(10) < 5
    won[10:] = np.arange(90) < 5
    values = np.where(np.arange(100) == 0, 91.0, 1.0)

    found = figures(won, told, values, np.ones((1, 100)))

    assert found["lift_10"][0] == pytest.approx(5)
    assert found["revenue_10"][0] == pytest.approx(95 / 100)


def test_who_says_the_same_of_everybody_has_half_an_auc_and_no_lift():
    """Order by chance, whatever the order of the rows."""
    found = figures(WON, np.full(ROWS, 0.5), VALUES, np.ones((1, ROWS)))

    assert found["auc"][0] == pytest.approx(0.5)
    assert found["lift_10"][0] == pytest.approx(1)


def test_an_interval_is_as_wide_as_accounts_are_few():
    """Rows of one account tell the same story: four copies of each are no more than one."""
    once = judge(WON, VALUES, [str(at) for at in range(ROWS)], {"a": TOLD}, 5)
    copies = [np.repeat(one, 4) for one in (WON, VALUES, TOLD)]
    groups = [str(at // 4) for at in range(4 * ROWS)]
    again = judge(copies[0], copies[1], groups, {"a": copies[2]}, 5)

    for metric in ("auc", "brier"):
        first, second = once.models["a"][metric], again.models["a"][metric]
        assert (first.low, first.high) == pytest.approx((second.low, second.high))


def test_the_same_leads_make_a_difference_surer():
    """Paired: what is hard for both does not count."""
    told = judge(WON, VALUES, GROUPS, {"new": TOLD, "old": np.clip(TOLD + 0.2, 0, 1)}, 5)

    both = [told.models[name]["brier"] for name in ("new", "old")]
    apart = told.differences["old"]["brier"]
    assert apart.value == pytest.approx(both[0].value - both[1].value)
    assert apart.high < 0
    assert apart.high - apart.low < both[0].high - both[0].low


def test_without_a_win_there_is_no_order_and_no_error():
    """A figure without a meaning is None, with the others beside it."""
    told = judge(np.zeros(20, dtype=bool), np.zeros(20), GROUPS[:20], {"a": TOLD[:20]}, 5)

    assert set(told.models["a"]) == set(METRICS)
    assert told.models["a"]["auc"].value is None
    assert told.models["a"]["brier"].high is not None
