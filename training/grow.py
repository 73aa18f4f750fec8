"""Rows → trees, by LightGBM: with given parameters, on all rows or in folds by group.

Wins are rare, and nothing is done about that: resampling and class weights would bend the
probabilities, and the order that trees find does not need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.folds import folds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.table import Table

    Floats = NDArray[np.float64]

MAX_TREES = 800
PATIENCE = 60

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


def dataset(table: Table) -> Any:
    """As LightGBM takes it."""
    import lightgbm

    return lightgbm.Dataset(
        table.matrix,
        table.won,
        weight=table.weights,
        categorical_feature=list(table.words),
        free_raw_data=False,
    )


def grow(table: Table, parameters: dict[str, Any], trees: int) -> Any:
    """A booster of so many trees."""
    import lightgbm

    return lightgbm.train(parameters, dataset(table), trees)


def cross_validate(table: Table, parameters: dict[str, Any], seed: int) -> tuple[Floats, int]:
    """Out-of-fold margins, and the number of trees at which the mean log loss is lowest."""
    import lightgbm
    import numpy as np

    folds = split(table, seed)
    result = lightgbm.cv(
        parameters,
        dataset(table),
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
    return folds(table.won, table.groups, seed)
