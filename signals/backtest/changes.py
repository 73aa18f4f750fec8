"""Every figure before and after, with the intervals that chance alone would explain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from signals.backtest.chance import resampled, spread
from signals.backtest.figures import figures
from signals.backtest.report import Change
from signals.backtest.tally import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def changes(tallies: tuple[Tally, Tally], seed: int) -> dict[str, Change]:
    """By the figure's name; before and after by the same draws."""
    import numpy as np

    clusters = len(tallies[0].bands)
    once, drawn = np.ones((1, clusters)), resampled(clusters, seed)
    told = [figures(one, once) for one in tallies]
    repeated = [figures(one, drawn) for one in tallies]
    return {
        name: _change(told[0][name], told[1][name], repeated[0][name], repeated[1][name])
        for name in told[0]
    }


def _change(before: Floats, after: Floats, drawn_before: Floats, drawn_after: Floats) -> Change:
    return Change(
        _number(before),
        _number(after),
        _number(after - before),
        spread(drawn_before),
        spread(drawn_after),
        spread(drawn_after - drawn_before),
    )


def _number(one: Floats) -> float | None:
    (value,) = one.tolist()
    return None if math.isnan(value) else float(value)
