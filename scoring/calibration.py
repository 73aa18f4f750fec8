"""From a margin of the trees to a probability: one of three rising curves, as plain numbers."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Literal

import msgspec

Kind = Literal["platt", "beta", "isotonic"]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Margin (log-odds) → log-odds of the propensity. Never falls.

    - platt (Platt 1999): slope · margin + intercept.
    - beta (Kull, Silva Filho and Flach 2017): slope · ln p - slope_high · ln(1 - p) + intercept, p
      being 1 / (1 + exp(-margin)). With slope_high = slope it is Platt's.
    - isotonic (Zadrozny and Elkan 2002): straight lines between `knots`, which are pairs of margin
      and log-odds; flat beyond the first and the last.
    """

    slope: float = 1.0
    intercept: float = 0.0
    slope_high: float | None = None
    knots: tuple[tuple[float, float], ...] | None = None

    @property
    def kind(self) -> Kind:
        if self.knots is not None:
            return "isotonic"
        return "platt" if self.slope_high is None else "beta"

    @property
    def rises(self) -> bool:
        """False for a curve that would turn an order around, or say the same of everybody."""
        if self.knots is not None:
            return len(self.knots) > 1 and all(
                before[0] < after[0] and before[1] <= after[1]
                for before, after in zip(self.knots, self.knots[1:], strict=False)
            )
        high = self.slope if self.slope_high is None else self.slope_high
        return self.slope >= 0 and high >= 0 and self.slope + high > 0

    def propensity_at(self, margin: float) -> float:
        told = self.logit_at(margin)
        # Both forms are the same number; each stays in range on its side.
        if told >= 0:
            return 1.0 / (1.0 + math.exp(-told))
        raised = math.exp(told)
        return raised / (1.0 + raised)

    def logit_at(self, margin: float) -> float:
        if self.knots is not None:
            return _between(self.knots, margin)
        if self.slope_high is None:
            return self.slope * margin + self.intercept
        # -ln p, without an overflow on either side; -ln(1 - p) is greater by the margin.
        rest = math.log1p(math.exp(-abs(margin))) + max(-margin, 0.0)
        return self.slope_high * (rest + margin) - self.slope * rest + self.intercept


def _between(knots: tuple[tuple[float, float], ...], margin: float) -> float:
    after = bisect_right(knots, margin, key=lambda knot: knot[0])
    if after == 0:
        return knots[0][1]
    if after == len(knots):
        return knots[-1][1]
    (low, low_at), (high, high_at) = knots[after - 1], knots[after]
    return low_at + (high_at - low_at) * (margin - low) / (high - low)
