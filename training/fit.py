"""fit: a matrix and labels → trees and calibration. The same routine for any table of numbers.

Cross-validation by groups finds the number of trees (early stopping on the mean log loss) and gives
out-of-fold margins; Platt scaling (Platt 1999, with his smoothed targets) is fitted on those, and
the trees are grown once more on all rows. So no row is spent on validation alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import WorkError
from scoring.card import Calibration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
MAX_TREES = 800
PATIENCE = 60
LEAST_OF_A_CLASS = 10
"""Fewer wins or fewer losses than this teach nothing that would hold."""

PARAMETERS: dict[str, Any] = {
    # Chosen by cross-validation on three worlds that no reported figure uses.
    "objective": "binary",
    "num_leaves": 3,
    "learning_rate": 0.03,
    "feature_fraction": 0.15,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 20,
    "cat_smooth": 20,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


class Fitted(NamedTuple):
    trees: str
    """LightGBM's text form."""
    tree_count: int
    calibration: Calibration
    margins: Floats
    """Out of fold, one for each row: what a model that never saw the row's group said."""


class Table(NamedTuple):
    """What is fitted: rows × columns, NaN missing; `words` are the columns that hold codes."""

    matrix: Floats
    won: Floats
    weights: Floats
    groups: Sequence[str]
    words: Sequence[int]


def fit(table: Table, seed: int, threads: int = 1) -> Fitted:
    """Reproducible: the same table, seed, threads and versions give the same text. One thread by
    default: beside a running system threads that wait for each other cost more than they bring.

    WorkError when there are fewer than `LEAST_OF_A_CLASS` rows won, or lost.
    """
    import lightgbm

    check_classes(table)
    parameters = {**PARAMETERS, "seed": seed, "num_threads": threads}
    margins, count = _cross_validate(table, parameters, seed)
    booster = lightgbm.train(parameters, _dataset(table), count)
    return Fitted(
        trees=booster.model_to_string(),
        tree_count=count,
        calibration=calibrate(margins, table.won, table.weights),
        margins=margins,
    )


def check_classes(table: Table) -> None:
    """WorkError when there are fewer than `LEAST_OF_A_CLASS` rows won, or lost."""
    won = int(table.won.sum())
    lost = len(table.won) - won
    if min(won, lost) < LEAST_OF_A_CLASS:
        raise WorkError(
            f"{won} examples were won and {lost} were not: {LEAST_OF_A_CLASS} of each are needed",
            do="import more outcomes, or wait until more label windows are over",
        )


def _dataset(table: Table) -> Any:
    import lightgbm

    return lightgbm.Dataset(
        table.matrix,
        table.won,
        weight=table.weights,
        categorical_feature=list(table.words),
        free_raw_data=False,
    )


def _cross_validate(table: Table, parameters: dict[str, Any], seed: int) -> tuple[Floats, int]:
    """Out-of-fold margins, and the number of trees at which the mean log loss is lowest."""
    import lightgbm
    import numpy as np

    folds = split(table, seed)
    result = lightgbm.cv(
        parameters,
        _dataset(table),
        MAX_TREES,
        folds=folds,
        metrics="binary_logloss",
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    grown: Any = result["cvbooster"]
    count = max(1, grown.best_iteration)
    margins = np.empty(len(table.won))
    for booster, (_, rows) in zip(grown.boosters, folds, strict=True):
        margins[rows] = booster.predict(table.matrix[rows], raw_score=True, num_iteration=count)
    return margins, count


def split(table: Table, seed: int) -> list[tuple[Any, Any]]:
    """Folds of row numbers: a group is never on both sides, and wins are spread evenly."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(
        min(FOLDS, len(set(table.groups))), shuffle=True, random_state=seed
    )
    return list(folds.split(table.matrix, table.won, groups=list(table.groups)))


def calibrate(margins: Floats, won: Floats, weights: Floats) -> Calibration:
    """Platt scaling by weighted log loss. The slope stays positive, so that order is kept."""
    import numpy as np
    from scipy.optimize import minimize

    total_won, total = float((weights * won).sum()), float(weights.sum())
    # Platt's targets: the sure 0 and 1 of few labels would ask for infinite slopes.
    high = (total_won + 1) / (total_won + 2)
    low = 1 / (total - total_won + 2)
    targets = np.where(won > 0, high, low)

    def loss(told: Floats) -> float:
        logits = told[0] * margins + told[1]
        each = np.logaddexp(0, logits) - targets * logits
        return float((weights * each).sum() / total)

    found = minimize(loss, x0=[1.0, 0.0], method="L-BFGS-B", bounds=[(0.05, 20), (-20, 20)])
    return Calibration(slope=float(found.x[0]), intercept=float(found.x[1]))
