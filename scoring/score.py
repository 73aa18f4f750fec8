"""What a model answers for one lead."""

from __future__ import annotations

import msgspec

STRONGEST = 5
"""Contributions of either sign that `strongest` holds at most."""


class Score(msgspec.Struct, frozen=True):
    """A lead's chance of being won, and where it comes from.

    `margin`, `base` and `contributions` are log-odds before calibration: base + the sum of all
    contributions = margin, within 1e-6. `propensity` is the calibrated probability, 0–1; where few
    ends taught the model, with the rules' part in it (`scoring/blend.py`).
    """

    propensity: float
    margin: float
    base: float
    contributions: dict[str, float] | None = None
    """Feature → log-odds; None unless they were asked for."""
    strongest: tuple[tuple[str, float], ...] = ()
    """The strongest that raise the margin, strongest first, then those that lower it; empty unless
    they were asked for.
    """
    rules_margin: float | None = None
    """Log-odds by the rules alone; None while the propensity is the model's own."""
