"""How the judged leads ended, added up by cluster of accounts: all that figures are made of.

People of one company buy or do not buy together, so an account is never torn apart. More accounts
than `MOST_CLUSTERS` share clusters, which stay independent of each other: so a million leads cost
no more than their counting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from signals.backtest.judged import BANDS, GRADES, Judged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.float64]

MOST_CLUSTERS = 1_000


class Tally(NamedTuple):
    """Each array is clusters × kinds × 2: how many leads, and how many of them were won.

    Priorities are taken as they are shown, to one decimal: what rounds to the same is the same.
    """

    steps: Counts
    """The priorities that occur, best first."""
    bands: Counts
    grades: Counts
    suppressed: Counts
    """Kind 0: not suppressed, kind 1: suppressed."""


def clusters_of(accounts: Sequence[str | None]) -> NDArray[np.int64]:
    """The cluster of each lead. A lead without an account stands alone."""
    import numpy as np

    codes: dict[str | int, int] = {}
    told = [codes.setdefault(one or at, len(codes)) for at, one in enumerate(accounts)]
    return np.array(told, dtype=np.int64) % MOST_CLUSTERS


def tally(judged: Judged, won: NDArray[np.bool_], clusters: NDArray[np.int64]) -> Tally:
    import numpy as np

    shown, step = np.unique(-np.rint(judged.priority * 10), return_inverse=True)
    return Tally(
        _count(clusters, step, len(shown), won),
        _count(clusters, judged.band, len(BANDS), won),
        _count(clusters, judged.grade, len(GRADES), won),
        _count(clusters, judged.suppressed, 2, won),
    )


def _count(
    clusters: NDArray[np.int64],
    kinds: NDArray[np.int64] | NDArray[np.int8] | NDArray[np.bool_],
    size: int,
    won: NDArray[np.bool_],
) -> Counts:
    import numpy as np

    rows = int(clusters.max()) + 1
    place = clusters * size + kinds
    counted = [
        np.bincount(place, weights=weights, minlength=rows * size).reshape(rows, size)
        for weights in (None, won.astype(np.float64))
    ]
    return np.stack(counted, axis=-1).astype(np.float64)
