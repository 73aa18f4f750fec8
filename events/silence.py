"""silence: since when the CRM told no more ends. An export that was made before its newest leads
had their time, or a feed that broke: deals that are open there are not lost, nobody was asked.

How often open leads close at each age follows from all leads. A silence is the last part of a time
in which leads were open in their label windows (until now, or until these windows had run): that in
which so few closings were told that a rate of a tenth explains them far better than the usual one
(Page's test, Biometrika 41, 1954, for the rate of a Poisson process, at its last step).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.clock import DAY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FALLEN = 0.1
"""Share of the usual rate that is left in a silence: dates are mistaken, and some ends come by
another way."""
LEAST = 10.0
"""Log-likelihood ratio from which a silence is believed: 22,000 to 1."""
MOST_DAYS = 20_000
"""Between the oldest and the newest lead: beyond, a date is wrong and nothing can be counted."""


class Silence(NamedTuple):
    """Begin and end in microseconds, UTC, at borders of days."""

    begin: int
    end: int
    told: int
    """Closings in it, of leads that were open for a day at least."""
    expected: float
    """As many as there would have been at the usual rate."""

    def spoils(self, created_at: int, window_end: int) -> bool:
        """Whether a window lies in it in part, so that its end may have been missed. Leads that
        had closed before are spoilt with all others of their time: alone they would tell of quick
        deals only.
        """
        return created_at < self.end and window_end > self.begin


def silences(
    leads: Sequence[tuple[int, int | None]], window_days: int, now: int
) -> tuple[Silence, ...]:
    """`leads`: when each was created and when its first deal closed, in microseconds, UTC."""
    import numpy as np

    if not leads or window_days < 2:
        return ()
    created = np.array([one[0] // DAY for one in leads], dtype=np.int64)
    ages = [window_days if at is None else at // DAY - since // DAY for since, at in leads]
    first = int(created.min())
    if int(created.max()) - first > MOST_DAYS:
        return ()
    age = np.clip(np.array(ages, dtype=np.int64), 0, window_days)
    told, expected, is_open = _by_day(created - first, age, window_days, now // DAY - first)
    return tuple(
        Silence((first + begin) * DAY, (first + end) * DAY, int(told[begin:end].sum()),
                float(expected[begin:end].sum()))
        for begin, end in _ends(told, expected, is_open)
    )  # fmt: skip


def _by_day(
    created: NDArray[np.int64], age: NDArray[np.int64], window: int, last: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Closings told, closings expected, and whether anybody was open, for each day before `last`. A
    lead that closed on its first day was never waited for.
    """
    import numpy as np

    days = int(created.max()) + 1
    closing = np.zeros((days, window + 1))
    np.add.at(closing, (created, age), 1.0)
    waiting = closing[:, ::-1].cumsum(axis=1)[:, ::-1]
    told, expected, is_open = (
        np.zeros(days + window),
        np.zeros(days + window),
        np.zeros(days + window),
    )
    for at in range(1, window):
        seen = slice(0, max(0, min(days, last - at)))
        closed, asked = closing[seen, at], waiting[seen, at]
        place = slice(at, at + len(asked))
        told[place] += closed
        is_open[place] += asked
        if asked.any():
            expected[place] += asked * closed.sum() / asked.sum()
    return told, expected, is_open > 0


def _ends(told: Floats, expected: Floats, is_open: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last day (exclusive) of each silence: of every stretch of days on which leads were
    open, the last part for which the log-likelihood ratio is highest.
    """
    import numpy as np

    gains = (1 - FALLEN) * expected + told * math.log(FALLEN)
    borders = np.flatnonzero(np.diff(np.concatenate([[0], is_open.astype(np.int8), [0]])))
    found = []
    for begin, end in borders.reshape(-1, 2).tolist():
        rests = gains[begin:end][::-1].cumsum()[::-1]
        best = int(rests.argmax())
        if rests[best] >= LEAST:
            found.append((begin + best, end))
    return found
