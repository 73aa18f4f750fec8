"""ages: leads of every age are told as often won as they were, by a last tree over the age alone.

The trees and the curve are fitted to the evaluated age nearly alone, and say too little of young
leads and too much of old ones: at 60 days 0.41 on average where 0.33 were won (generated worlds).
Order within an age stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.calibration import Calibration
from training.grow import PARAMETERS
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BELIEVED = 4.0
"""Precision of what is believed of a shift before anything is known: that it is 0, with a standard
deviation of half a unit of the margin. As much as a few dozen leads tell."""
FURTHEST = 4.0
STEPS, GRID = 40, 2_001
ALIKE = 20
"""Rows that stand for each age where the tree is grown: it only has to tell ages apart."""


def shifts(table: Table, margins: Floats, calibration: Calibration) -> dict[float, float]:
    """Age → what to add to the margins of that age: 0 at the evaluated one. `margins` are out of
    fold. Empty where there is one age, or no column that tells it, or one that is constrained.
    """
    import numpy as np

    if table.ages is None or table.age_column is None:
        return {}
    if table.age_column in {*table.rising, *table.falling}:
        return {}
    weights = table.open_weights()
    evaluated = float(table.ages[int(np.argmax(weights))])
    told = {evaluated: 0.0}
    for age in np.unique(table.ages[~np.isnan(table.ages)]).tolist():
        rows = np.flatnonzero((table.ages == age) & (weights > 0))
        if age != evaluated and len(rows):
            told[age] = _shift(
                margins[rows], table.won[rows], weights[rows] / weights[rows].max(), calibration
            )
    return told if len(told) > 1 and not np.isnan(evaluated) else {}


def _shift(margins: Floats, won: Floats, weights: Floats, calibration: Calibration) -> float:
    """Where as many are told as were won, drawn to 0 by what was believed: found by halves, since
    the left side falls with the shift and the right side rises.
    """
    import numpy as np

    grid = np.linspace(margins.min() - FURTHEST, margins.max() + FURTHEST, GRID)
    curve = np.array([calibration.propensity_at(at) for at in grid.tolist()])
    low, high = -FURTHEST, FURTHEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        missing = float(weights @ (won - np.interp(margins + middle, grid, curve)))
        low, high = (middle, high) if missing > BELIEVED * middle else (low, middle)
    return (low + high) / 2


def by_row(table: Table, told: dict[float, float]) -> Floats:
    """The shift of each row; 0 where its age is not among those told, as at a stage or signal."""
    import numpy as np

    ages = [] if table.ages is None or not told else table.ages.tolist()
    return np.array([told.get(age, 0.0) for age in ages] or np.zeros(len(table.won)))


def with_ages(booster: Any, table: Table, told: dict[float, float]) -> Any:
    """The booster and one more tree, whose leaves are the shifts: a lead is taken for one of the
    nearest age, one without an age for the youngest (LightGBM reads a blank as 0 there).
    """
    import lightgbm
    import numpy as np

    column, ages = table.age_column, sorted(told)
    places = [float(np.nanmedian(table.matrix[table.ages == age, column])) for age in ages]
    rows = np.full((ALIKE * len(ages), table.matrix.shape[1]), np.nan)
    rows[:, column] = np.repeat(places, ALIKE)
    # Any ends that differ from age to age will do: the leaves are filled in afterwards.
    share = np.repeat(np.linspace(0.1, 0.9, len(ages)), ALIKE)
    ends = np.tile(np.arange(ALIKE) / ALIKE, len(ages)) < share
    apart = {
        "num_leaves": len(ages), "learning_rate": 1.0, "feature_fraction": 1.0,
        "bagging_fraction": 1.0, "bagging_freq": 0, "min_data_in_leaf": 1, "min_data_in_bin": 1,
        "min_sum_hessian_in_leaf": 0.0, "feature_pre_filter": False, "num_threads": 1, "seed": 0,
    }  # fmt: skip
    parameters = {**PARAMETERS, **apart}
    data = lightgbm.Dataset(
        rows, ends, categorical_feature=list(table.words), params=parameters, free_raw_data=False
    )
    grown = lightgbm.train(parameters, data, 1, init_model=booster)
    last = grown.num_trees() - 1
    leaves = np.asarray(grown.predict(rows[::ALIKE], pred_leaf=True), dtype=int)[:, last]
    for leaf, age in zip(leaves.tolist(), ages, strict=True):
        grown.set_leaf_output(last, leaf, told[age])
    return grown
