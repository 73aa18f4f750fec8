"""Whole experiments, played many times: how often the rules err, how often they find a lift.

Units come day by day; every day somebody looks, and stops at the first decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.experiment.difference import Counted, difference
from training.experiment.interval import ALPHA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.experiment.interval import Numbers

Draw = Callable[[np.random.Generator, int, int], "Numbers"]
"""(chance, arm: 0 champion or 1 challenger, units) → a value for each unit."""


class Played(NamedTuple):
    """One experiment: `winner`, `loser` or None if no day decided, and the day it was decided."""

    decided: str | None
    day: int


def wins(rate: float, lift: float = 0.0) -> Draw:
    """Units are won at `rate` with the champion, at rate · (1 + lift) with the challenger."""

    def draw(chance: np.random.Generator, arm: int, units: int) -> Numbers:
        return (chance.random(units) < rate * (1 + lift * arm)).astype(np.float64)

    return draw


def revenue(rate: float, worth: float, spread: float, cap: float, lift: float = 0.0) -> Draw:
    """Wins as above, each worth a lognormal sum: median `worth`, log-deviation `spread`, capped."""

    def draw(chance: np.random.Generator, arm: int, units: int) -> Numbers:
        won = wins(rate, lift)(chance, arm, units)
        sums: Numbers = won * np.minimum(worth * np.exp(chance.normal(0, spread, units)), cap)
        return sums

    return draw


def speed(rate: float, lift: float = 0.0) -> Draw:
    """Wins as above, on any day of the window alike: each worth the share of it that is left."""

    def draw(chance: np.random.Generator, arm: int, units: int) -> Numbers:
        left: Numbers = wins(rate, lift)(chance, arm, units) * chance.random(units)
        return left

    return draw


def play(
    draw: Draw,
    share: float,
    planned: int,
    days: int,
    runs: int,
    seed: int,
    *,
    looked_for: int | None = None,
    alpha: float = ALPHA,
) -> Iterator[Played]:
    """`runs` experiments of `days` days with `planned` units in all, looked at daily.

    `looked_for` is the size that the interval is made for, if it is another.
    """
    chance = np.random.default_rng(seed)
    for _ in range(runs):
        arrived = chance.integers(0, days, planned)
        challenger = chance.random(planned) < share
        arms = [
            _by_day(draw(chance, arm, int(chosen.sum())), arrived[chosen], days)
            for arm, chosen in enumerate((~challenger, challenger))
        ]
        yield _first_decision(arms[0], arms[1], looked_for or planned, alpha)


def _by_day(values: Numbers, arrived: NDArray[np.int64], days: int) -> Counted:
    """What is known of an arm at the end of each day."""

    def sums(weights: Numbers) -> Numbers:
        summed: Numbers = np.cumsum(np.bincount(arrived, weights, days))
        return summed

    any_value = (values != 0).astype(np.float64)
    return Counted(sums(np.ones_like(values)), sums(values), sums(values**2), sums(any_value))


def _first_decision(champion: Counted, challenger: Counted, planned: int, alpha: float) -> Played:
    seen = difference(champion, challenger, planned, alpha)
    decided = (seen.low > 0) | (seen.high < 0)
    if not decided.any():
        return Played(None, len(decided))
    day = int(decided.argmax())
    return Played("winner" if seen.low[day] > 0 else "loser", day)
