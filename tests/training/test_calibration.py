"""A propensity means what it says, whatever shape the truth has; and the order stays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.calibration import Calibration
from training.calibration import KINDS, calibrate

ROWS = 4_000
GROUPS = [str(at // 2) for at in range(ROWS)]
ONES = np.ones(ROWS)


def _won(margins, logits, seed=2):
    chance = np.random.default_rng(seed)
    return (chance.random(len(margins)) < 1 / (1 + np.exp(-logits))).astype(float)


MARGINS = np.random.default_rng(1).normal(-1, 1.5, ROWS)
SHAPES = {
    "platt": 0.6 * MARGINS + 0.3,
    "beta": 0.3 * np.logaddexp(0, MARGINS) - 3 * np.logaddexp(0, -MARGINS),
    "isotonic": np.where(MARGINS > 0, 2.5, -2.5),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_the_shape_of_the_truth_is_chosen(kind):
    """A straight line where it does, a bend or steps where the rows clearly ask for them."""
    won = _won(MARGINS, SHAPES[kind])

    told = calibrate(MARGINS, won, ONES, GROUPS, 3)

    assert told.calibration.kind == kind
    assert told.losses[kind] <= min(told.losses.values()) + 0.002


def test_the_straight_line_finds_slope_and_intercept():
    """The numbers that made the labels."""
    found = KINDS["platt"](MARGINS, _won(MARGINS, SHAPES["platt"]), ONES)

    assert math.isclose(found.slope, 0.6, abs_tol=0.08)
    assert math.isclose(found.intercept, 0.3, abs_tol=0.12)


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_never_turns_the_order_around(kind):
    """Noise that ranks upside down flattens the curve; it must not reverse who is called first."""
    margins = np.linspace(-2, 2, 200)

    found = KINDS[kind](margins, (margins < 0).astype(float), np.ones(200))

    told = [found.propensity_at(one) for one in np.linspace(-9, 9, 99)]
    assert found.rises
    assert told == sorted(told)
    assert 0 < told[0] <= told[-1] < 1


@given(
    st.floats(-700, 700),
    st.floats(0.05, 20),
    st.floats(0.05, 20),
    st.floats(-20, 20),
)
def test_any_curve_gives_a_probability_at_any_margin(margin, low, high, intercept):
    """No overflow, however sure the trees are; and with equal slopes beta is the straight line."""
    line = Calibration(low, intercept)
    assert math.isclose(
        Calibration(low, intercept, low).propensity_at(margin),
        line.propensity_at(margin),
        rel_tol=1e-9,
        abs_tol=1e-12,
    )
    bent = Calibration(low, intercept, high)
    assert 0 <= bent.propensity_at(margin) <= bent.propensity_at(margin + 1) <= 1


def test_steps_are_joined_and_end_flat():
    """Between two steps the middle counts; nobody is told 0 or 1 for lying beyond all rows."""
    curve = Calibration(knots=((-1.0, -2.0), (1.0, 0.0)))

    assert [curve.logit_at(at) for at in (-9.0, -1.0, 0.0, 1.0, 9.0)] == [-2, -2, -1, 0, 0]


@pytest.mark.parametrize(
    "curve",
    [
        Calibration(0.0, 1.0),
        Calibration(-1.0, 0.0),
        Calibration(1.0, 0.0, -0.1),
        Calibration(knots=((0.0, 1.0),)),
        Calibration(knots=((0.0, 1.0), (1.0, 0.5))),
        Calibration(knots=((1.0, 0.0), (0.0, 1.0))),
    ],
)
def test_a_curve_that_falls_or_says_nothing_is_known_as_such(curve):
    """A card with one is refused."""
    assert not curve.rises
