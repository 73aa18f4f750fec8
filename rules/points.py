"""Points are counted in whole hundredths: caps and sums are exact, by row as by column."""

from __future__ import annotations

import math

from rules.facts import Value
from rules.report import HitGroup
from rules.sheet import Decay

HUNDREDTHS = 100


def hundredths(points: float) -> int:
    """Points, or a cap, as they are counted: whole, and without sign."""
    return round(abs(points) * HUNDREDTHS)


def points_of(counted: int) -> int | float:
    """Back again. Whole points stay whole numbers."""
    whole, rest = divmod(counted, HUNDREDTHS)
    return counted / HUNDREDTHS if rest else whole


def sign_of(purpose: HitGroup) -> int:
    return -1 if purpose == "negative" else 1


def decayed(counted: int, decay: Decay, age: Value) -> int:
    """What decay leaves, rounded half up. OverflowError for an age beyond all numbers."""
    return math.floor(counted * decay.share(age) + 0.5)
