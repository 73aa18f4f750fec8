"""What is fitted: a matrix, how each row ended, and which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


MOST_ROWS = 20_000
FEWEST = 20
"""Rows won, and rows lost, below which nothing can be compared."""


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
    leads: Sequence[str] | None = None
    """Whom each row is of; None where every row is a lead of its own."""
    closed: NDArray[np.bool_] | None = None
    """Rows whose end was known by their moment: they teach trees, and neither chances nor how much
    is known. None where there is no such row."""
    ages: Floats | None = None
    """How old each row's lead is, in days, as moments are declared; NaN at a stage or signal."""
    age_column: int | None = None
    """The column that tells it; None where there is none."""

    def open_weights(self) -> Floats:
        """0 for closed rows: the weights by which chances are told."""
        import numpy as np

        return self.weights if self.closed is None else np.where(self.closed, 0.0, self.weights)

    def ends(self) -> tuple[int, int]:
        """Leads that were open at a moment: how many were won, and how many were not."""
        import numpy as np

        rows = np.flatnonzero(self.open_weights() > 0)
        if self.leads is not None:
            rows = rows[np.unique(np.asarray(self.leads)[rows], return_index=True)[1]]
        won = int(self.won[rows].sum())
        return won, len(rows) - won

    def take(self, rows: Any) -> Table:
        """Some of the rows, in the order given."""
        return self._replace(
            matrix=self.matrix[rows],
            won=self.won[rows],
            weights=self.weights[rows],
            groups=[self.groups[row] for row in rows],
            at=None if self.at is None else [self.at[row] for row in rows],
            leads=None if self.leads is None else [self.leads[row] for row in rows],
            closed=None if self.closed is None else self.closed[rows],
            ages=None if self.ages is None else self.ages[rows],
        )


def fewer(table: Table, seed: int) -> Table:
    """Rows of full weight, and of many only whole groups drawn until there are `MOST_ROWS`: enough
    to compare by. All open rows, where those of full weight have few of an end.
    """
    import numpy as np

    rows = np.flatnonzero(table.weights >= table.weights.max())
    won = table.won[rows].sum()
    if min(won, len(rows) - won) < FEWEST:
        rows = np.flatnonzero(table.open_weights() > 0)
    if len(rows) > MOST_ROWS:
        _, group = np.unique(np.asarray(table.groups)[rows], return_inverse=True)
        drawn = np.random.default_rng(seed).permutation(group.max() + 1)
        sizes = np.bincount(group)[drawn]
        taken = drawn[: int(np.searchsorted(np.cumsum(sizes), MOST_ROWS)) + 1]
        rows = rows[np.isin(group, taken)]
    return table.take(rows)
