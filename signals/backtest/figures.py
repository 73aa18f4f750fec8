"""Tallies → figures: win rate of each band and grade, precision, recall, lift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signals.backtest.judged import BANDS, GRADES
from signals.backtest.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOP = 0.1
"""The share of leads that `lift_10` looks at."""

MEASURES = ("precision_hot", "recall_hot", "precision_hot_or_warm", "recall_hot_or_warm", "lift_10")


def figures(tally: Tally, weights: Floats) -> dict[str, Floats]:
    """A figure for each row of `weights`, which say how often each cluster counts.

    Win rates by band and grade under their name, and `MEASURES`. NaN where there is nothing to
    divide by.
    """
    bands = _weigh(weights, tally.bands)
    total = bands.sum(axis=1)
    warm_or_hot = bands[:, :2].sum(axis=1)
    told = dict(zip(BANDS, _rates(bands).T, strict=True))
    told |= dict(zip(GRADES, _rates(_weigh(weights, tally.grades)).T, strict=True))
    return told | {
        "precision_hot": told["hot"],
        "recall_hot": _divide(bands[:, 0, 1], total[:, 1]),
        "precision_hot_or_warm": _rates(warm_or_hot),
        "recall_hot_or_warm": _divide(warm_or_hot[:, 1], total[:, 1]),
        "lift_10": lift(_weigh(weights, tally.steps)),
    }


def lift(steps: Floats) -> Floats:
    """Win rate of the best tenth by priority over that of all; leads of one priority share."""
    import numpy as np

    total = steps.sum(axis=1)
    room = TOP * total[:, :1] - (np.cumsum(steps[:, :, 0], axis=1) - steps[:, :, 0])
    taken = np.clip(room, 0, steps[:, :, 0])
    won = (taken * np.nan_to_num(_rates(steps))).sum(axis=1)
    return _divide(_divide(won, TOP * total[:, 0]), _rates(total))


def gain(steps: Floats) -> tuple[Floats, Floats]:
    """Worked off from the best priority down: share of all leads, share of all that were won."""
    import numpy as np

    reached = np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])
    return reached[:, 0] / reached[-1, 0], _divide(reached[:, 1], reached[-1, 1])


def _weigh(weights: Floats, counts: Floats) -> Floats:
    """Rows of weights × kinds × 2."""
    flat = weights @ counts.reshape(len(counts), -1)
    return flat.reshape(len(weights), *counts.shape[1:])


def _rates(counted: Floats) -> Floats:
    return _divide(counted[..., 1], counted[..., 0])


def _divide(above: Floats, below: Floats) -> Floats:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(above, below), dtype=np.float64)
