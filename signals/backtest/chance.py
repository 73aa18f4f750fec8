"""How far chance alone moves a figure: 95 % intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REPEATS = 1_000
_Z = 1.959963984540054
_MOST_UNDEFINED = 0.05
"""Share of the repeats in which a figure may be without meaning, as a win rate of no leads is."""

Interval = tuple[float, float]


def wilson(won: int, leads: int) -> Interval | None:
    """Of a win rate (Wilson 1927); None without leads. Right for few leads and for rates near 0."""
    if not leads:
        return None
    rate, z2 = won / leads, _Z * _Z
    middle = (rate + z2 / (2 * leads)) / (1 + z2 / leads)
    half = _Z * math.sqrt(rate * (1 - rate) / leads + z2 / (4 * leads**2)) / (1 + z2 / leads)
    return max(0.0, middle - half), min(1.0, middle + half)


def resampled(clusters: int, seed: int) -> Floats:
    """How often each cluster is drawn, `REPEATS` times: the bootstrap by cluster (Efron 1979;
    Davison and Hinkley 1997, 3.8). Before and after take the same draws, so differences are paired.
    """
    import numpy as np

    even = np.full(clusters, 1 / clusters)
    drawn = np.random.default_rng(seed).multinomial(clusters, even, size=REPEATS)
    return drawn.astype(np.float64)


def spread(repeated: Floats) -> Interval | None:
    """The middle 95 % of a figure's repeats; None when it often has no meaning."""
    import numpy as np

    defined = repeated[~np.isnan(repeated)]
    if len(defined) < (1 - _MOST_UNDEFINED) * len(repeated):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)
