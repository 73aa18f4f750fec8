"""The newest groups of a table: a slice that comes after everything else, and shares no group."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.table import Table

SHARE = 0.2
LEAST = 500
"""Rows won, and rows lost, without which a slice says less than all rows out of fold do."""


def later_rows(table: Table) -> NDArray[np.int64] | None:
    """Row numbers of the groups that came last; None where time is unknown or rows are few."""
    import numpy as np

    if table.at is None:
        return None
    _, group = np.unique(np.asarray(table.groups), return_inverse=True)
    first = np.full(group.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, group, np.asarray(table.at, dtype=np.int64))
    order = np.argsort(-first, kind="stable")
    sizes = np.bincount(group)[order]
    late = order[: int(np.searchsorted(np.cumsum(sizes), SHARE * len(group))) + 1]
    rows = np.flatnonzero(np.isin(group, late))
    full = table.weights[rows] >= table.weights.max()
    won = table.won[rows][full].sum()
    return None if min(won, full.sum() - won) < LEAST else rows
