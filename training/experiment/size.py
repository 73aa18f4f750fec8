"""How many units an experiment needs before a lift of a given size is found, most likely."""

from __future__ import annotations

import math
from statistics import NormalDist

from training.experiment.interval import ALPHA, widening

POWER = 0.8


def planned_units(
    base: float,
    deviation: float,
    lift: float,
    share: float,
    *,
    power: float = POWER,
    alpha: float = ALPHA,
) -> int:
    """Units of both arms together after which the lift is found with probability `power`.

    `base` and `deviation` are mean and standard deviation of the champion's units, `lift` is
    relative (0.2 = 20 % more), `share` is the challenger's. The interval has to exclude zero on the
    side of the lift::

        n = ( (widening(n) + z_power) / effect )² · ( σ² / (1 - share) + σ'² / share )

    widening(n) is the same number for all n that are planned for. Looks before n find some lifts
    earlier, so the true power is a little above. ValueError for a lift that is none.
    """
    if base <= 0 or deviation <= 0 or lift <= 0 or not 0 < share < 1:
        raise ValueError(
            "needs a base, a deviation and a lift above 0, and a share between 0 and 1"
        )
    apart = float(widening(1.0, 1.0, alpha)) + NormalDist().inv_cdf(power)
    effect = base * lift
    # Whatever is counted or added up varies more where there is more of it.
    variance = deviation**2 / (1 - share) + (deviation**2) * (1 + lift) / share
    return math.ceil((apart / effect) ** 2 * variance)


def rate_deviation(rate: float) -> float:
    """The standard deviation of 0 and 1 with this mean."""
    return math.sqrt(rate * (1 - rate))
