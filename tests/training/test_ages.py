"""A lead of any age is told as often won as leads of its age were."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from scoring.calibration import Calibration
from scoring.forest import read_forest
from training.ages import shifts
from training.fit import Fitted, fit
from training.table import Table

AGES = (0, 7, 14, 30, 60)
RATES = {0: 0.40, 7: 0.34, 14: 0.30, 30: 0.25, 60: 0.08}
COLUMN = 2


def _table(leads=700, seed=3, blank=0) -> Table:
    """One number tells something, the age much; all ages but 30 weigh little."""
    dice = np.random.default_rng(seed)
    ages = np.repeat(np.array(AGES, dtype=np.float64), leads)
    told = dice.normal(size=len(ages))
    rates = np.array([RATES[age] for age in ages.astype(int).tolist()])
    logits = np.log(rates / (1 - rates)) + 0.5 * told
    won = (dice.random(len(ages)) < 1 / (1 + np.exp(-logits))).astype(np.float64)
    columns = [told, dice.integers(0, 4, len(ages)), ages + dice.random(len(ages))]
    return Table(
        matrix=np.column_stack(columns).astype(np.float64),
        won=won,
        weights=np.where(ages == 30, 1.0, 0.05),
        groups=[f"g{at % leads}" for at in range(len(ages))],
        words=[1],
        leads=[f"l{at % leads}" for at in range(len(ages))],
        ages=ages,
        age_column=COLUMN,
    )


@pytest.fixture(scope="module")
def table() -> Table:
    return _table()


@pytest.fixture(scope="module")
def fitted(table) -> Fitted:
    return fit(table, 7)


def _chances(fitted: Fitted, matrix) -> np.ndarray:
    margins = lightgbm.Booster(model_str=fitted.trees).predict(matrix, raw_score=True)
    return np.array([fitted.calibration.propensity_at(at) for at in np.asarray(margins).tolist()])


def test_each_age_is_told_at_its_own_rate(fitted):
    """Of leads that taught nothing: without the last tree 60 days were told 0.15 for 0.09 won."""
    asked = _table(leads=4_000, seed=4)
    chances = _chances(fitted, asked.matrix)

    for age in AGES:
        rows = asked.ages == age
        assert chances[rows].mean() == pytest.approx(asked.won[rows].mean(), abs=0.04)


def test_the_evaluated_age_is_told_as_before(table, fitted):
    """What is compared with baselines there is the trees and the curve, nothing else."""
    bare = fit(table._replace(age_column=None), 7)
    rows = table.ages == 30

    assert fitted.shifts[30.0] == 0.0
    assert bare.shifts == {}
    assert fitted.tree_count == bare.tree_count + 1
    assert _chances(fitted, table.matrix[rows]) == pytest.approx(
        _chances(bare, table.matrix[rows]), abs=1e-12
    )
    assert fitted.margins[rows] == pytest.approx(bare.margins[rows], abs=1e-12)


def test_margins_out_of_fold_tell_the_shift_too(table, fitted):
    """Cases of the past keep propensities as they are served."""
    chances = np.array([fitted.calibration.propensity_at(at) for at in fitted.margins.tolist()])

    for age in AGES:
        rows = table.ages == age
        assert chances[rows].mean() == pytest.approx(table.won[rows].mean(), abs=0.03)


def test_the_last_tree_reads_the_age_alone(fitted):
    """In our own reading of the text as well, and a blank is taken for the youngest."""
    last = read_forest(fitted.trees)[-1]

    assert set(last.feature) == {COLUMN}
    assert sorted(last.leaf) == pytest.approx(sorted(fitted.shifts.values()))
    row = np.array([[0.0, 1.0, 0.3], [0.0, 1.0, np.nan]])
    booster = lightgbm.Booster(model_str=fitted.trees)
    leaves = np.asarray(booster.predict(row, pred_leaf=True))[:, -1]
    assert leaves[0] == leaves[1]


def test_few_leads_of_an_age_move_it_little(table):
    """Two leads that were won are no rate."""
    few = _table(leads=2)
    few = few._replace(won=np.ones(len(few.won)))
    told = shifts(few, np.full(len(few.won), -1.0), Calibration())

    assert 0 < max(told.values()) < 0.4


@pytest.mark.parametrize("change", [{"ages": None}, {"falling": (COLUMN,)}, {"rising": (COLUMN,)}])
def test_nothing_is_added_where_the_age_may_not_speak(table, change):
    """A direction that was declared for the age would be broken by steps from age to age."""
    assert shifts(table._replace(**change), np.zeros(len(table.won)), Calibration()) == {}
