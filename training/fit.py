"""fit: a matrix and labels → trees and calibration. The same routine for any table of numbers.

Cross-validation by groups finds the number of trees (early stopping on the mean log loss) and gives
out-of-fold margins; the calibration is fitted on those, and the trees are grown once more on all
rows. So no row is spent on validation alone. Where there are plenty, the calibration comes from a
later slice instead: from trees that knew only what came before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import WorkError
from scoring.calibration import Calibration
from training.calibration import calibrate
from training.grow import PARAMETERS, cross_validate, grow
from training.later import later_rows
from training.search import Searched, search
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_OF_A_CLASS = 10
"""Fewer wins or fewer losses than this teach nothing that would hold."""


class Fitted(NamedTuple):
    trees: str
    """LightGBM's text form."""
    tree_count: int
    calibration: Calibration
    margins: Floats
    """Out of fold, one for each row: what a model that never saw the row's group said."""
    parameters: dict[str, Any]
    """Those that the trees were grown with."""
    searched: Searched
    calibration_losses: dict[str, float]
    """Mean log loss of each kind of calibration, on folds that it was not fitted on."""
    calibrated_on: str
    """`out of fold`, or `a later slice`."""


class Effort(NamedTuple):
    """How much may be tried. One thread by default: beside a running system threads that wait for
    each other cost more than they bring.
    """

    trials: int = 0
    """Other parameters than `PARAMETERS` that are tried before the fit."""
    seconds: float = 600.0
    """No trial begins later than this; which trials are made depends on it only when it is short.
    """
    threads: int = 1


def fit(table: Table, seed: int, effort: Effort = Effort()) -> Fitted:  # noqa: B008 - immutable
    """Reproducible: the same table, seed, effort and versions give the same text, as long as the
    search is not cut short by its seconds.

    WorkError when there are fewer than `LEAST_OF_A_CLASS` rows won, or lost.
    """
    check_classes(table)
    fixed = {"seed": seed, "num_threads": effort.threads, **_constraints(table)}
    parameters = {**PARAMETERS, **fixed}
    searched = search(table, parameters, effort.trials, effort.seconds, seed)
    parameters = {**parameters, **searched.chosen}
    margins, count = cross_validate(table, parameters, seed)
    booster = grow(table, parameters, count)
    rows = later_rows(table)
    apart = margins if rows is None else _margins_later(table, rows, parameters, count)
    judged = table if rows is None else table.take(rows)
    calibrated = calibrate(apart, judged.won, judged.weights, judged.groups, seed)
    return Fitted(
        trees=booster.model_to_string(),
        tree_count=count,
        calibration=calibrated.calibration,
        margins=margins,
        parameters=parameters,
        searched=searched,
        calibration_losses=calibrated.losses,
        calibrated_on="out of fold" if rows is None else "a later slice",
    )


def check_classes(table: Table) -> None:
    """WorkError when there are fewer than `LEAST_OF_A_CLASS` rows won, or lost."""
    won = int(table.won.sum())
    lost = len(table.won) - won
    if min(won, lost) < LEAST_OF_A_CLASS:
        raise WorkError(
            f"{won} examples were won and {lost} were not: {LEAST_OF_A_CLASS} of each are needed",
            do="import more outcomes, or wait until more label windows are over; "
            "rules score without a model until then",
        )


def _constraints(table: Table) -> dict[str, list[int]]:
    if not table.rising and not table.falling:
        return {}
    signs = {**dict.fromkeys(table.rising, 1), **dict.fromkeys(table.falling, -1)}
    return {"monotone_constraints": [signs.get(at, 0) for at in range(table.matrix.shape[1])]}


def _margins_later(table: Table, rows: Any, parameters: dict[str, Any], count: int) -> Floats:
    """Of the later slice, by trees that were taught with the groups before it alone."""
    import numpy as np

    before = np.setdiff1d(np.arange(len(table.won)), rows)
    booster = grow(table.take(before), parameters, count)
    told: Floats = np.asarray(booster.predict(table.matrix[rows], raw_score=True))
    return told
