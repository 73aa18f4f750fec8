"""Rows → folds: a group is never on both sides, and wins are spread evenly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
FEW_FOLDS = 2
MANY = 150_000
"""Rows from which on there are `FEW_FOLDS`: half of so many teach nearly what four fifths do, at a
quarter of the cost. Groups are dealt at random then: that spreads wins as evenly, in a fraction of
the time that it takes to place them one by one."""
LARGE = 0.02
"""Share of the rows that one group may hold to be dealt so."""


def folds(won: Floats, groups: Sequence[str], seed: int) -> list[tuple[Any, Any]]:
    """(rows that teach, rows that are asked), by number; never more of them than groups."""
    if len(won) > MANY and (dealt := _dealt(groups, FEW_FOLDS, seed)):
        return dealt
    return _placed(won, groups, min(FOLDS, len(set(groups))), seed)


def _placed(won: Floats, groups: Sequence[str], count: int, seed: int) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import StratifiedGroupKFold

    placed = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    return list(placed.split(won, won, groups=list(groups)))


def _dealt(groups: Sequence[str], count: int, seed: int) -> list[tuple[Any, Any]] | None:
    """None where one group is so large that its fold would be another world."""
    import numpy as np

    _, group, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if sizes.max() > LARGE * len(group):
        return None
    fold = (np.random.default_rng(seed).permutation(len(sizes)) % count)[group]
    return [(np.flatnonzero(fold != at), np.flatnonzero(fold == at)) for at in range(count)]
