"""What somebody would have seen who looked at an experiment at the end of each day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.clock import DAY
from training.experiment.difference import Counted, count_by_look, difference
from training.experiment.interval import ALPHA, Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.experiment.interval import Numbers


class Path(NamedTuple):
    """One entry a day, the last one now."""

    at: NDArray[np.int64]
    """The moments of the looks: microseconds, UTC."""
    champion: Counted
    challenger: Counted
    seen: Interval


def looks_between(start: int, now: int) -> NDArray[np.int64]:
    """A day after the start, two days after it and so on, and now."""
    return np.append(np.arange(start + DAY, now, DAY), now)


def path(
    values: Numbers,
    known_at: NDArray[np.int64],
    challenger: NDArray[np.bool_],
    *,
    start: int,
    now: int,
    planned: float,
    alpha: float = ALPHA,
) -> Path:
    """Looks each day since `start`, and now, at the units whose values are known by then."""
    looks = looks_between(start, now)
    at = np.searchsorted(looks, known_at)  # the first look at or after it
    arms = []
    for chosen in (~challenger, challenger):
        inside = chosen & (at < len(looks))
        arms.append(count_by_look(values[inside], at[inside], len(looks)))
    seen = difference(arms[0], arms[1], planned, alpha)
    return Path(looks, arms[0], arms[1], seen)
