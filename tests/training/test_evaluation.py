"""The card tells of slices, bands and months what a reader would count himself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.clock import DAY, from_iso
from training.evaluation import OURS, evaluate
from training.scorecard import scorecard
from training.table import Table

ROWS = 200
CHANCE = np.random.default_rng(6)
TOLD = CHANCE.random(ROWS)
WON = CHANCE.random(ROWS) < TOLD
SLICES = {
    "industry": ["software"] * ROWS,
    "employee_band": [f"band {at}" for at in range(ROWS)],
    "region": [("EMEA", None)[at % 2] for at in range(ROWS)],
}
SETTLED = ("2026-01-15", "2026-04-01", "2026-04-01", "2026-04-01")
"""Of each fourth lead before its moment."""
GROUPS = [str(at // 2) for at in range(ROWS)]


def _cases(rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "won": WON[:rows].tolist(),
            "value": pa.array([None if at % 3 else 10.0 for at in range(rows)], pa.float64()),
            "moment": [from_iso("2026-01-31") + (at % 2) * 2 * DAY for at in range(rows)],
            "settled_at": [from_iso(SETTLED[at % 4]) for at in range(rows)],
        }
    )


def test_parts_add_up_and_small_ones_are_left_out():
    """Missing is a part of its own; a slice of one lead tells nothing."""
    bands = ["hot" if chance > 0.5 else "cold" for chance in TOLD]

    told = evaluate(_cases(), GROUPS, {OURS: TOLD, "rules": 1 - TOLD}, bands, 3, SLICES)

    assert told is not None
    assert {(one.by, one.name, one.rows) for one in told.slices} == {
        ("industry", "software", 200), ("region", "EMEA", 100), ("region", "–", 100),
    }  # fmt: skip
    for parts in (told.bands, told.months, told.reliability):
        assert (sum(one.rows for one in parts), sum(one.won for one in parts)) == (200, WON.sum())
    assert [one.name for one in told.months] == ["2026-01", "2026-02"]
    hot = next(one for one in told.bands if one.name == "hot")
    assert hot.win_rate == pytest.approx(WON[TOLD > 0.5].mean())
    assert told.gain[OURS][0] == (0, 0)
    assert told.gain[OURS][-1] == (1, 1)
    assert told.gain[OURS][10][1] > told.gain["rules"][10][1]
    assert told.differences["rules"]["auc"].low > 0


def test_exact_propensities_err_by_chance_alone():
    """A reader must know how much of a calibration error few leads explain."""
    told = evaluate(_cases(), GROUPS, {OURS: TOLD}, ["hot"] * ROWS, 3, SLICES)

    assert told is not None
    assert 0.02 < told.worst_gap_by_chance < 0.2
    assert told.models[OURS]["calibration_error"].value < 1.5 * told.worst_gap_by_chance


def test_leads_that_were_still_open_have_figures_of_their_own():
    """They are the ones that anybody scores, and calibration is told of them."""
    closed = np.arange(ROWS) % 4 == 0
    told = evaluate(_cases(), GROUPS, {OURS: np.where(closed, 0.01, TOLD)}, ["hot"] * ROWS, 3, {})

    assert told is not None
    assert told.open_then is not None
    assert told.judged is told.open_then
    assert (told.open_then.rows, told.open_then.won) == (150, WON[~closed].sum())
    assert told.open_then.told == pytest.approx(TOLD[~closed].mean())
    errors = [one.models[OURS]["calibration_error"].value for one in (told, told.open_then)]
    assert errors[0] > errors[1] + 0.03


def test_without_a_lead_there_is_nothing_to_tell():
    """A split may leave none to test."""
    assert evaluate(_cases(0), [], {OURS: np.zeros(0)}, [], 3, {}) is None


def test_a_scorecard_learns_numbers_words_and_gaps():
    """A baseline that cannot see what is there would flatter the model."""
    chance = np.random.default_rng(2)
    matrix = np.column_stack(
        [chance.poisson(2, 900), chance.integers(0, 3, 900), chance.normal(size=900)]
    ).astype(float)
    matrix[chance.random(900) < 0.3, 2] = np.nan
    truth = matrix[:, 0] + 2 * (matrix[:, 1] == 1) + 2 * np.isnan(matrix[:, 2]) - 3.5
    won = (chance.random(900) < 1 / (1 + np.exp(-truth))).astype(float)
    table = Table(matrix, won, np.ones(900), [str(at) for at in range(900)], [1])

    told = scorecard(table.take(range(600)), matrix[600:], 4)

    assert np.corrcoef(told, 1 / (1 + np.exp(-truth[600:])))[0, 1] > 0.9
