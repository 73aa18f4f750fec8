"""Two AUCs on the same leads: their difference and its standard error.

DeLong, DeLong and Clarke-Pearson (1988), written as the paper has it: each won lead's share of
lost leads that it outranks, and each lost lead's share of won leads that outrank it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Paired(NamedTuple):
    first: float
    second: float
    difference: float
    """first − second."""
    standard_error: float
    """Of the difference."""


def paired(won: Sequence[bool], first: Sequence[float], second: Sequence[float]) -> Paired:
    """Both AUCs on the same leads. At least two leads of each class."""
    ended = np.asarray(won, dtype=bool)
    won_first, lost_first = _shares(ended, np.asarray(first, dtype=np.float64))
    won_second, lost_second = _shares(ended, np.asarray(second, dtype=np.float64))
    variance = _variance(won_first - won_second) + _variance(lost_first - lost_second)
    aucs = float(won_first.mean()), float(won_second.mean())
    return Paired(*aucs, aucs[0] - aucs[1], float(np.sqrt(variance)))


def _shares(ended: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """Of each won lead and of each lost lead; a tie counts half."""
    won, lost = scores[ended][:, None], scores[~ended][None, :]
    outranks = (won > lost) + 0.5 * (won == lost)
    return outranks.mean(axis=1), outranks.mean(axis=0)


def _variance(shares: Floats) -> float:
    """Of their mean."""
    return float(shares.var(ddof=1) / len(shares))
