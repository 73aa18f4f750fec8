"""Log loss row by row, and whether one way of telling is clearly better than another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Gain(NamedTuple):
    """How much lower the second one's mean loss is, and the standard error of that."""

    mean: float
    error: float

    def is_clear(self, of: int = 1) -> bool:
        """More than one standard error (Breiman et al. 1984): keep the simpler one otherwise.

        The best `of` several is lucky besides: by about sqrt(2 ln of) errors, the usual height of
        the highest of so many that are all the same.
        """
        return self.mean > self.error * max(1.0, math.sqrt(2 * math.log(of)))


def log_losses(logits: Floats, won: Floats) -> Floats:
    """-ln of the probability given to what happened, one a row."""
    import numpy as np

    told: Floats = np.logaddexp(0, logits) - won * logits
    return told


def gain(first: Floats, second: Floats, weights: Floats, groups: Sequence[str]) -> Gain:
    """Of weighted losses of the same rows. Rows of one group rise and fall together, so that the
    error is that of sums by group (the ratio estimator, Cochran 1977, 6.3).
    """
    import numpy as np

    _, group = np.unique(np.asarray(groups), return_inverse=True)
    total = float(weights.sum())
    mean = float((weights * (first - second)).sum()) / total
    sums = np.bincount(group, weights * (first - second - mean))
    return Gain(mean, float(np.sqrt((sums**2).sum())) / total)
