"""Fitting is reproducible, learns what is there, and nothing where nothing is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import WorkError
from training.compare import calibration_error, compare
from training.fit import fit
from training.grow import split
from training.table import Table


def _table(rows: int = 600, seed: int = 3, shuffled: bool = False) -> Table:
    chance = np.random.default_rng(seed)
    matrix = chance.normal(size=(rows, 8))
    matrix[:, 7] = chance.integers(0, 4, rows)
    matrix[chance.random((rows, 8)) < 0.1] = np.nan
    logits = np.nan_to_num(matrix[:, 0] + matrix[:, 1]) - 0.5
    won = (chance.random(rows) < 1 / (1 + np.exp(-logits))).astype(float)
    if shuffled:
        chance.shuffle(won)
    groups = [f"account-{at // 3}" for at in range(rows)]
    return Table(matrix, won, np.ones(rows), groups, [7])


def test_the_same_data_and_seed_give_the_same_trees():
    """A model that cannot be made again cannot be audited."""
    first, again = fit(_table(), seed=5), fit(_table(), seed=5)

    assert first.trees == again.trees
    assert first.calibration == again.calibration


def test_a_signal_is_found_and_calibrated():
    """Out-of-fold probabilities mean what they say."""
    table = _table(1500)
    fitted = fit(table, seed=5)
    told = [fitted.calibration.propensity_at(one) for one in fitted.margins]
    figures = compare([bool(one) for one in table.won], told)

    assert figures["auc"] > 0.68
    assert figures["calibration_error"] < 0.06


def test_shuffled_labels_teach_nothing():
    """A leak between folds would show as an AUC above one half."""
    table = _table(1500, shuffled=True)
    fitted = fit(table, seed=5)
    told = [fitted.calibration.propensity_at(one) for one in fitted.margins]
    figures = compare([bool(one) for one in table.won], told)

    assert abs(figures["auc"] - 0.5) < 0.06


def test_a_group_is_on_one_side_of_every_fold():
    """Two leads of one company know of each other."""
    table = _table(90)
    for taught, tested in split(table, 1):
        assert not {table.groups[row] for row in taught} & {table.groups[row] for row in tested}


@pytest.mark.parametrize("wins", [0, 600])
def test_one_class_is_refused_in_one_sentence(wins):
    """No labels of one kind: there is nothing to tell apart."""
    table = _table()
    won = np.zeros(600)
    won[:wins] = 1

    with pytest.raises(
        WorkError, match=f"{wins} leads that could teach were won and {600 - wins} were not"
    ):
        fit(table._replace(won=won), seed=1)


def test_next_to_no_wins_teach_a_rate_and_no_tree():
    """Nine wins in six hundred: trees would learn nine accidents by heart."""
    table = _table()
    won = np.zeros(600)
    won[:9] = 1

    fitted = fit(table._replace(won=won), seed=1)

    [told] = {fitted.calibration.propensity_at(one) for one in fitted.margins.tolist()}
    assert (fitted.tree_count, fitted.calibrated_on) == (1, "nothing")
    assert told == pytest.approx(9.5 / 601)
    assert fitted.logits is not None
    assert fitted.logits[0] == pytest.approx(np.log(9.5 / 591.5))


def test_a_column_declared_to_rise_never_lowers_a_margin():
    """What sellers know to be true holds where the past is thin, too."""
    import lightgbm

    table = _table()._replace(rising=[0], falling=[1])
    trees = lightgbm.Booster(model_str=fit(table, seed=5).trees)
    rows = np.zeros((2, 40, 8))
    rows[0, :, 0] = rows[1, :, 1] = np.linspace(-3, 3, 40)
    margins = [trees.predict(one, raw_score=True) for one in rows]

    assert (np.diff(margins[0]) >= 0).all()
    assert (np.diff(margins[1]) <= 0).all()
    assert margins[0][-1] > margins[0][0]


def test_figures_of_perfect_and_of_empty_predictions():
    """The edges of each figure, and what is not defined is left out."""
    assert compare([], []) == {"rows": 0, "won": 0}
    assert "auc" not in compare([True, True], [0.5, 0.7])
    perfect = compare([False, True, False, True], [0.0, 1.0, 0.0, 1.0])
    assert (perfect["auc"], perfect["average_precision"], perfect["brier"]) == (1, 1, 0)
    assert math.isclose(calibration_error([True, False], [0.5, 0.5]), 0.5)
