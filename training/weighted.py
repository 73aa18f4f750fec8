"""How good propensities are, for many weightings of the same rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

BINS = 10
TOP = 0.1
METRICS = (
    "auc", "average_precision", "log_loss", "brier", "calibration_error", "lift_10", "revenue_10",
)  # fmt: skip
LESS_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error"})
_LEAST = 1e-12


def figures(won: Truths, chances: Floats, values: Floats, weights: Floats) -> dict[str, Floats]:
    """A figure for each row of `weights` (repeats × rows), NaN where there is nothing to divide by.

    - auc, average_precision (step-wise): rows of one propensity count as one step.
    - calibration_error: over ten bins, equal by the rows unweighted (Nixon et al. 2019).
    - lift_10: win rate of the best tenth over that of all. revenue_10: its share of what won deals
      were worth (`values`, 0 where unknown). Rows of one propensity share its rest.
    """
    import numpy as np

    ended = won.astype(np.float64)
    told = np.clip(chances, _LEAST, 1 - _LEAST)
    losses = -np.where(won, np.log(told), np.log1p(-told))
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            **_ranked(ended, chances, values * ended, weights),
            "log_loss": weights @ losses / total,
            "brier": weights @ (chances - ended) ** 2 / total,
            "calibration_error": _calibration_error(ended, chances, weights) / total,
        }


def _ranked(won: Floats, chances: Floats, worth: Floats, weights: Floats) -> dict[str, Floats]:
    """What depends on the order alone, best first, a column a step."""
    import numpy as np

    order = np.argsort(-chances, kind="stable")
    ordered = chances[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def steps(each: Floats) -> Floats:
        told: Floats = np.add.reduceat((weights * each)[:, order], starts, axis=1)
        return told

    wins, rows, money = steps(won), steps(np.ones(len(won))), steps(worth)
    reached, reached_rows = wins.cumsum(axis=1), rows.cumsum(axis=1)
    all_wins, all_rows = reached[:, -1], reached_rows[:, -1]
    losses = rows - wins
    # A loss is beaten by all wins of better steps, and by half of those of its own.
    beaten = (losses * (reached - wins / 2)).sum(axis=1)
    precision = np.where(reached_rows > 0, reached / np.maximum(reached_rows, _LEAST), 0.0)
    share = np.clip((TOP * all_rows[:, None] - (reached_rows - rows)) / np.where(rows > 0, rows, 1),
                    0, 1)  # fmt: skip
    return {
        "auc": beaten / (all_wins * (all_rows - all_wins)),
        "average_precision": (wins * precision).sum(axis=1) / all_wins,
        "lift_10": (wins * share).sum(axis=1) / (TOP * all_wins),
        "revenue_10": (money * share).sum(axis=1) / money.sum(axis=1),
    }


def _calibration_error(won: Floats, chances: Floats, weights: Floats) -> Floats:
    import numpy as np

    gaps = np.zeros(len(weights))
    for rows in np.array_split(np.argsort(chances, kind="stable"), BINS):
        gaps += np.abs(weights[:, rows] @ (won[rows] - chances[rows]))
    return gaps
