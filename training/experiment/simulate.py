"""Whole experiments, played many times: how often the rules err, how often they find a lift.

Units come day by day; every day somebody looks, and stops at the first decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.experiment.difference import Counted, count_by_look, difference
from training.experiment.interval import ALPHA

if TYPE_CHECKING:
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
            count_by_look(draw(chance, arm, int(chosen.sum())), arrived[chosen], days)
            for arm, chosen in enumerate((~challenger, challenger))
        ]
        yield _first_decision(arms[0], arms[1], looked_for or planned, alpha)


def _first_decision(champion: Counted, challenger: Counted, planned: int, alpha: float) -> Played:
    seen = difference(champion, challenger, planned, alpha)
    day = seen.decided()
    if day is None:
        return Played(None, len(seen.low))
    return Played("winner" if seen.low[day] > 0 else "loser", day)
