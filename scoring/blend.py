"""How much a model may say by itself: with few ends known, the rules say the rest.

    log-odds of the propensity = weight · calibrated margin + (1 - weight) · rules margin

The rules margin is a rising line over the priority of the rules alone, fitted to the same ends. The
weight grows with the evidence: n leads that taught ended in the rarer way, m = n - NOTHING of them
count, and at SURE all M = SURE - NOTHING do.

    weight = 0                                        for m <= 0
    weight = min(1, m / (m + half) · (M + half) / M)  otherwise

That is the credibility of Bühlmann (ASTIN Bulletin 4, 1967), stretched so that it reaches 1 without
a jump: from SURE on a model is served as it is. `half` is chosen by training.
"""

from __future__ import annotations

import math

import msgspec

NOTHING = 9
"""So many wins or losses teach trees nothing that would hold: rules alone."""
SURE = 500
"""With so many of both ends the rules have nothing to add."""


class RulesLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Priority of the rules alone (0–100) → log-odds. Level below `low` and above `high`: nobody
    there taught it.
    """

    slope: float
    """Log-odds a point; never negative."""
    intercept: float
    low: float
    high: float

    def logit_at(self, priority: float) -> float:
        return self.intercept + self.slope * min(max(priority, self.low), self.high)


class Blend(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`won` and `lost`: leads that taught. Without `rules` the weight is 1."""

    won: int
    lost: int
    weight: float = 1.0
    half: float | None = None
    """How much evidence beyond `NOTHING` makes both weigh the same, but for the stretching."""
    rules: RulesLine | None = None
    rules_version: int | None = None
    """Whose priorities the line was fitted to. It is asked with those of the rules in force."""

    @property
    def is_sound(self) -> bool:
        """False for what would turn an order around or weigh more than everything."""
        if self.rules is None:
            return self.weight == 1.0
        return 0 <= self.weight <= 1 and self.rules.slope >= 0


def weight_of(evidence: int, half: float) -> float:
    """0–1; never falls as the evidence grows."""
    if evidence >= SURE:
        return 1.0
    counting, all_of_it = max(0, evidence - NOTHING), SURE - NOTHING
    return counting / (counting + half) * (all_of_it + half) / all_of_it


def chance_at(logit: float) -> float:
    """1 / (1 + exp(-logit)), without an overflow on either side."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    raised = math.exp(logit)
    return raised / (1.0 + raised)
