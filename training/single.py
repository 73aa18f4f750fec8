"""What one column tells by itself: an AUC that thousands of categories cannot inflate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from features.windows import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

FOLDS = 5
BINS = 20
WEIGHT = 5.0
"""Rows that the average of all counts for in the rate of a value: rare ones tell little."""
_Z = 1.959963984540054


class Single(NamedTuple):
    """`low` and `high`: 95 %."""

    auc: float
    low: float
    high: float


def single_auc(values: Sequence[Value], won: NDArray[np.bool_], seed: int) -> Single:
    """Each row gets the win rate that its value had in the other folds; the AUC of these rates.

    Numbers go by twentieths, missing is a value of its own; so curves and gaps count as well, and
    an id, whose values never come twice, gets 0.5. Below 0.5 means nothing: it is cut there.
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    codes = _codes(values)
    fold = np.random.default_rng(seed).permutation(len(codes)) % FOLDS
    rates = np.empty(len(codes))
    for held in range(FOLDS):
        taught, asked = fold != held, fold == held
        wins = np.bincount(codes[taught], won[taught], minlength=codes.max() + 1)
        rows = np.bincount(codes[taught], minlength=codes.max() + 1)
        # All folds share one average: their own would let the fold itself tell something.
        rates[asked] = ((wins + WEIGHT * won.mean()) / (rows + WEIGHT))[codes[asked]]
    auc = max(0.5, float(roc_auc_score(won, rates)))
    low, high = interval(auc, int(won.sum()), int((~won).sum()))
    return Single(auc, low, high)


def interval(auc: float, won: int, lost: int) -> tuple[float, float]:
    """95 % of an AUC from the numbers of both classes (Hanley and McNeil, Radiology 143, 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (won - 1) * (q1 - auc**2) + (lost - 1) * (q2 - auc**2)
    error = math.sqrt(max(spread, 0.0) / (won * lost))
    return max(0.0, auc - _Z * error), min(1.0, auc + _Z * error)


def _codes(values: Sequence[Value]) -> Codes:
    import numpy as np

    there = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in there):
        place = {value: code for code, value in enumerate(sorted(map(str, set(there))), 1)}
        return np.array([0 if value is None else place[str(value)] for value in values])
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, numbers, side="left") + 1
    return np.where(np.isnan(numbers), 0, codes)
