"""What a model answers for one lead."""

from __future__ import annotations

import msgspec


class Score(msgspec.Struct, frozen=True):
    """A lead's chance of being won, and where it comes from.

    `margin`, `base` and `contributions` are log-odds before calibration: base + the sum of all
    contributions = margin, within 1e-6. `propensity` is the calibrated probability, 0–1.
    """

    propensity: float
    margin: float
    base: float
    contributions: dict[str, float] | None = None
    """Feature → log-odds; None unless they were asked for."""
