"""Margins of trees that had not seen the rows → the curve that turns margins into propensities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scoring.calibration import Calibration
from training.folds import folds
from training.losses import gain, log_losses

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_BLOCK = 1.0
"""Rows of the average rate that each step of the isotonic curve is mixed with: nobody is told 0."""


class Calibrated(NamedTuple):
    calibration: Calibration
    losses: dict[str, float]
    """Mean log loss of each kind on folds that it was not fitted on."""
    logits: Floats
    """Of each row, by a curve of the chosen kind that was fitted without its group."""


def calibrate(
    margins: Floats, won: Floats, weights: Floats, groups: Sequence[str], seed: int
) -> Calibrated:
    """Platt's curve, or a freer one whose log loss on folds by group is clearly lower."""
    import numpy as np

    parts = folds(won, groups, seed)
    told, every = {}, {}
    for kind, fitted in KINDS.items():
        every[kind] = logits = np.empty(len(won))
        for taught, asked in parts:
            curve = fitted(margins[taught], won[taught], weights[taught])
            logits[asked] = [curve.logit_at(one) for one in margins[asked].tolist()]
        told[kind] = log_losses(logits, won)
    chosen = "platt"
    for kind in ("beta", "isotonic"):
        if gain(told[chosen], told[kind], weights, groups).is_clear():
            chosen = kind
    means = {kind: float(np.average(losses, weights=weights)) for kind, losses in told.items()}
    return Calibrated(KINDS[chosen](margins, won, weights), means, every[chosen])


def platt(margins: Floats, won: Floats, weights: Floats) -> Calibration:
    """By weighted log loss. The slope stays positive, so that order is kept."""
    slope, intercept = _descend([margins], won, weights)
    return Calibration(slope=slope, intercept=intercept)


def beta(margins: Floats, won: Floats, weights: Floats) -> Calibration:
    """Platt's with a slope of its own for high margins."""
    import numpy as np

    low, high = -np.logaddexp(0, -margins), np.logaddexp(0, margins)
    slope, slope_high, intercept = _descend([low, high], won, weights)
    return Calibration(slope=slope, slope_high=slope_high, intercept=intercept)


def _descend(columns: list[Floats], won: Floats, weights: Floats) -> list[float]:
    """A slope for each column, and the intercept, by Platt's smoothed targets: the sure 0 and 1 of
    few labels would ask for infinite slopes.
    """
    import numpy as np
    from scipy.optimize import minimize

    total_won, total = float((weights * won).sum()), float(weights.sum())
    targets = np.where(won > 0, (total_won + 1) / (total_won + 2), 1 / (total - total_won + 2))
    design = np.column_stack([*columns, np.ones(len(won))])

    def loss(told: Floats) -> tuple[float, Floats]:
        logits = design @ told
        error = weights * (1 / (1 + np.exp(-logits)) - targets) / total
        return float((weights * log_losses(logits, targets)).sum() / total), design.T @ error

    slopes = len(columns)
    found = minimize(
        loss,
        x0=[1.0] * slopes + [0.0],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.05, 20)] * slopes + [(-20, 20)],
    )
    told: list[float] = found.x.tolist()
    return told


def isotonic(margins: Floats, won: Floats, weights: Floats) -> Calibration:
    """Rates that never fall (pool adjacent violators), straight lines between steps' middles."""
    import numpy as np
    from sklearn.isotonic import IsotonicRegression

    teach = weights > 0
    margins, won, weights = margins[teach], won[teach], weights[teach]
    rates = IsotonicRegression().fit_transform(margins, won, sample_weight=weights)
    _, step = np.unique(rates, return_inverse=True)
    rows = np.bincount(step, weights)
    average = float(np.average(won, weights=weights))
    mixed = (np.bincount(step, weights * won) + LEAST_BLOCK * average) / (rows + LEAST_BLOCK)
    # A step of few rows is drawn further to the average than its neighbours: never below them.
    mixed = np.clip(np.maximum.accumulate(mixed), 1e-6, 1 - 1e-6)
    middles = np.bincount(step, weights * margins) / rows
    if len(rows) < 2:
        return platt(margins, won, weights)
    logits = np.log(mixed / (1 - mixed))
    return Calibration(knots=tuple(zip(middles.tolist(), logits.tolist(), strict=True)))


KINDS: dict[str, Callable[[Floats, Floats, Floats], Calibration]] = {
    "platt": platt,
    "beta": beta,
    "isotonic": isotonic,
}
