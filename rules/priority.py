"""Where a lead stands: fit, intent, propensity and negatives become one priority and a band.

    priority = clip(0, 100, w_fit·fit + w_intent·intent + w_propensity·worth(propensity)
                            + w_negative·negative)

Without a model the weights of fit and intent are scaled up to the sum of all three, so that the
same bands serve on the first day. All effects are in priority points and add up to the priority,
but for the clip and for suppression, which holds it at a cap.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rules.report import Hit, RuleReport

HIGHEST = 100.0
_WEIGHED = ("fit", "intent", "negative", "account")
PLACES = 10_000
"""A priority is told in ten-thousandths, halves rounded up: SQL does the same."""


class Weights(NamedTuple):
    """The first three add up to 1."""

    fit: float
    intent: float
    propensity: float
    negative: float


class Band(NamedTuple):
    """Entered at `enter` or above, left below `leave`: hysteresis, so that nobody flickers."""

    name: str
    enter: float
    leave: float


class Priority(NamedTuple):
    weights: Weights
    chances: tuple[float, ...]
    """Rising propensities from 0 to 1 …"""
    worths: tuple[float, ...]
    """… and how much each is worth, 0–100; straight lines between."""
    suppressed_at_most: float
    hot: Band
    warm: Band
    cooldowns: dict[str, int]
    """Signal type → seconds."""

    def of(self, report: RuleReport, propensity: float | None) -> float:
        """The priority, 0–100, to four decimals. `propensity` None: without a model."""
        with_model = propensity is not None
        total = (
            self.weight("fit", with_model) * report.fit_points
            + self.weight("intent", with_model) * report.intent_points
            + self.weights.negative * report.negative_points
            + (self.propensity_points(propensity) if propensity is not None else 0.0)
        )
        most = self.suppressed_at_most if report.suppressed else HIGHEST
        return math.floor(min(max(total, 0.0), most) * PLACES + 0.5) / PLACES

    def weight(self, group: str, with_model: bool) -> float:
        """Priority points that one point of this group of hits is worth."""
        if group == "negative":
            return self.weights.negative
        if group not in {"fit", "intent"}:
            return 0.0
        weight = self.weights.fit if group == "fit" else self.weights.intent
        return weight if with_model else weight / (self.weights.fit + self.weights.intent)

    def effect(self, hit: Hit, with_model: bool) -> float:
        """Priority points of one hit.

        A suppression counts as what it takes from the best possible lead: nothing weighs more.
        """
        if hit.group == "suppress":
            return self.suppressed_at_most - HIGHEST
        return self.weight(hit.group, with_model) * hit.points

    def weights_of(self, with_model: bool) -> dict[str, float]:
        """`weight` of each group but suppressions."""
        return {group: self.weight(group, with_model) for group in _WEIGHED}

    def effects(self, hits: Sequence[Hit], weights: Mapping[str, float]) -> list[float]:
        """`effect` of several hits, in order, by `weights_of`."""
        least = self.suppressed_at_most - HIGHEST
        return [
            least if hit.group == "suppress" else weights[hit.group] * hit.points for hit in hits
        ]

    def propensity_points(self, propensity: float) -> float:
        """Priority points that a propensity (0–1; clipped) is worth. Never falls as it rises."""
        chance = min(max(propensity, 0.0), 1.0)
        at = min(bisect_right(self.chances, chance), len(self.chances) - 1)
        low, high = self.chances[at - 1], self.chances[at]
        share = (chance - low) / (high - low)
        worth = self.worths[at - 1] + share * (self.worths[at] - self.worths[at - 1])
        return self.weights.propensity * worth

    def band(self, priority: float, before: str | None) -> str:
        """hot, warm or cold, given the band before (None: it never had one)."""
        if priority >= (self.hot.leave if before == "hot" else self.hot.enter):
            return "hot"
        was_warm = before in {"hot", "warm"}
        return "warm" if priority >= (self.warm.leave if was_warm else self.warm.enter) else "cold"
