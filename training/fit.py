"""fit: a matrix and labels → trees and calibration. The same routine for any table of numbers.

Cross-validation by groups finds the number of trees (early stopping on the mean log loss) and gives
out-of-fold margins; the calibration is fitted on those, then what it misses at other ages
(`training/ages.py`), and the trees are grown once more on all rows. So no row is spent on
validation alone. Where there are plenty, the calibration comes from a later slice instead: from
trees that knew only what came before it. Where there are next to none, the trees are a constant,
and rules say the rest (`training/blend.py`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import WorkError
from scoring.blend import NOTHING
from scoring.calibration import Calibration
from training.ages import by_row, shifts, with_ages
from training.calibration import calibrate
from training.grow import PARAMETERS, cross_validate, grow
from training.later import later_rows
from training.search import Searched, search
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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
    """`out of fold`, or `a later slice`; `nothing` where the trees are a constant."""
    logits: Floats | None
    """Of rows at the evaluated age the same calibrated, by curves that are out of fold too; of
    others before the shift of their age. None where the calibration is of a later slice.
    """
    shifts: dict[float, float]
    """What the last tree adds at each age; empty without one."""

    @property
    def is_constant(self) -> bool:
        """There was too little to grow a tree from."""
        return self.calibrated_on == "nothing"


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

    WorkError when all rows ended the same.
    """
    check_classes(table)
    if min(table.ends()) <= NOTHING:
        return _constant(table)
    fixed = {"seed": seed, "num_threads": effort.threads, **_constraints(table)}
    parameters = {**PARAMETERS, **fixed}
    searched = search(table, parameters, effort.trials, effort.seconds, seed)
    parameters = {**parameters, **searched.chosen}
    margins, count = cross_validate(table, parameters, seed)
    booster = grow(table, parameters, count)
    rows = later_rows(table)
    apart = margins if rows is None else _margins_later(table, rows, parameters, count)
    judged = table if rows is None else table.take(rows)
    calibrated = calibrate(apart, judged.won, judged.open_weights(), judged.groups, seed)
    told = shifts(judged, apart, calibrated.calibration)
    if told:
        booster = with_ages(booster, table, told)
    return Fitted(
        trees=booster.model_to_string(),
        tree_count=booster.num_trees(),
        calibration=calibrated.calibration,
        margins=margins + by_row(table, told),
        shifts=told,
        parameters=parameters,
        searched=searched,
        calibration_losses=calibrated.losses,
        calibrated_on="out of fold" if rows is None else "a later slice",
        logits=calibrated.logits if rows is None else None,
    )


def check_classes(table: Table) -> None:
    """WorkError when all leads that teach ended the same."""
    won, lost = table.ends()
    if not won or not lost:
        raise WorkError(
            f"{won} leads that could teach were won and {lost} were not: at least one of each is "
            "needed",
            do="import more outcomes, or wait until more label windows are over; "
            "rules score without a model until then",
        )


def _constant(table: Table) -> Fitted:
    """One tree without a split: the rate of the rows, a half of each end added (Jeffreys)."""
    import numpy as np

    weights = table.open_weights()
    won = float((weights * table.won).sum())
    rate = math.log((won + 0.5) / (weights.sum() - won + 0.5))
    # Nobody is more than the whole: no split leaves so many rows on both sides.
    parameters = {**PARAMETERS, "min_data_in_leaf": len(table.won), "num_threads": 1, "seed": 0}
    booster = grow(table, parameters, 1)
    margins = np.asarray(booster.predict(table.matrix, raw_score=True), dtype=np.float64)
    return Fitted(
        trees=booster.model_to_string(),
        tree_count=1,
        calibration=Calibration(intercept=rate - float(margins[0])),
        margins=margins,
        parameters=parameters,
        searched=Searched([], {}),
        calibration_losses={},
        calibrated_on="nothing",
        logits=np.full(len(margins), rate),
        shifts={},
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
