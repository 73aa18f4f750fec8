"""A calibration slice comes after what is taught, and shares nobody with it."""

from __future__ import annotations

import numpy as np

from training.later import later_rows
from training.table import Table

ROWS = 6_000


def _table(at) -> Table:
    won = (np.arange(ROWS) % 2).astype(float)
    groups = [f"g{row // 3}" for row in range(ROWS)]
    return Table(np.zeros((ROWS, 1)), won, np.ones(ROWS), groups, [], at=at)


def test_the_newest_groups_are_the_slice():
    """A fifth of the rows, whole groups, later than all others by their first lead."""
    rows = later_rows(_table(list(range(ROWS))))

    assert rows is not None
    assert rows.min() == ROWS - len(rows)
    assert 0.2 * ROWS <= len(rows) <= 0.2 * ROWS + 3


def test_without_time_or_with_few_rows_there_is_none():
    """All rows out of fold say more then."""
    assert later_rows(_table(None)) is None
    assert later_rows(_table(list(range(ROWS))).take(range(900))) is None
