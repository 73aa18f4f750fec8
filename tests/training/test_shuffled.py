"""A leakage test that could not fail would prove nothing."""

from __future__ import annotations

import numpy as np
import pytest

import training.shuffled
from core.errors import WorkError
from training.shuffled import shuffled_auc
from training.table import Table

ROWS = 500


def _table() -> Table:
    chance = np.random.default_rng(3)
    matrix = chance.normal(size=(ROWS, 6))
    won = (matrix[:, 0] + chance.normal(size=ROWS) > 0.6).astype(float)
    return Table(matrix, won, np.ones(ROWS), [str(at // 3) for at in range(ROWS)], [])


def test_shuffled_ends_teach_nothing():
    """Whatever the columns tell of the true ends."""
    assert abs(shuffled_auc(_table(), 4) - 0.5) < 0.1


def test_a_leak_between_the_folds_is_found(monkeypatch):
    """As if the rows that are asked had been among those that taught."""

    def leaking(table, parameters, seed):
        return table.won + np.random.default_rng(seed).normal(0, 2, len(table.won)), 10

    monkeypatch.setattr(training.shuffled, "cross_validate", leaking)

    with pytest.raises(WorkError, match="shuffled ends were found again"):
        shuffled_auc(_table(), 4)


def test_a_lead_that_is_in_several_folds_is_found():
    """Noise teaches who a lead is, and another row of it how it ended: dealt row by row the ends
    would hide that.
    """
    chance = np.random.default_rng(8)
    ages = 5
    matrix = np.repeat(chance.normal(size=(ROWS, 4)), ages, axis=0)
    won = np.repeat((chance.random(ROWS) < 0.3).astype(float), ages)
    leads = [str(at // ages) for at in range(ROWS * ages)]
    broken = [str(at) for at in range(ROWS * ages)]
    table = Table(matrix, won, np.ones(len(won)), broken, [], leads=leads)

    with pytest.raises(WorkError, match="shuffled ends were found again"):
        shuffled_auc(table, 4)

    assert abs(shuffled_auc(table._replace(groups=leads), 4) - 0.5) < 0.1
