"""What is fitted: a matrix, how each row ended, and which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


MOST_ROWS = 20_000


class Table(NamedTuple):
    """What is fitted: rows × columns, NaN missing; `words` are the columns that hold codes."""

    matrix: Floats
    won: Floats
    weights: Floats
    groups: Sequence[str]
    words: Sequence[int]
    rising: Sequence[int] = ()
    """Columns in which the margin may only rise; in `falling`, only fall."""
    falling: Sequence[int] = ()
    at: Sequence[int] | None = None
    """When each row's lead was created (any unit that grows); None where time is not known."""

    def take(self, rows: Any) -> Table:
        """Some of the rows, in the order given."""
        return self._replace(
            matrix=self.matrix[rows],
            won=self.won[rows],
            weights=self.weights[rows],
            groups=[self.groups[row] for row in rows],
            at=None if self.at is None else [self.at[row] for row in rows],
        )


def fewer(table: Table, seed: int) -> Table:
    """Rows of full weight, and of many only whole groups drawn until there are `MOST_ROWS`: enough
    to compare by.
    """
    import numpy as np

    rows = np.flatnonzero(table.weights >= table.weights.max())
    if len(rows) > MOST_ROWS:
        _, group = np.unique(np.asarray(table.groups)[rows], return_inverse=True)
        drawn = np.random.default_rng(seed).permutation(group.max() + 1)
        sizes = np.bincount(group)[drawn]
        taken = drawn[: int(np.searchsorted(np.cumsum(sizes), MOST_ROWS)) + 1]
        rows = rows[np.isin(group, taken)]
    return table.take(rows)
