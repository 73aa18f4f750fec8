"""Drift → alarms: what of it somebody should hear of, each with the limit that it has passed.

An alarm begins above its limit and ends below four fifths of it, so that a figure beside the limit
does not call each day. What chance explains raises none, whatever the limit is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from training.drift import Drift

SCORE, CALIBRATION, ORDER = "score", "calibration", "order"
ENDS = 0.8
"""Of a limit: an alarm stays until its figure is below this share of it."""
GAP = 0.03
"""Between the win rate that was foretold and the one that came."""
SURELY = 4.0
"""Standard errors of that gap which chance is allowed."""


class Alarm(msgspec.Struct, frozen=True):
    """`name` is a feature's, or `score`, `calibration` or `order`; `text` says it in a sentence."""

    name: str
    value: float
    limit: float
    text: str


def alarms(found: Drift, limit: float, told: Collection[str] = ()) -> list[Alarm]:
    """Those that hold now, the surest first. `limit`: of a PSI; `told`: the names of those that
    were raised before and have not ended.
    """
    return [*_ends(found, told), *_score(found, limit, told), *_features(found, limit, told)]


def _passed(name: str, told: Collection[str], value: float, limit: float) -> bool:
    return value > limit * (ENDS if name in told else 1.0)


def _features(found: Drift, limit: float, told: Collection[str]) -> Iterator[Alarm]:
    for name, value in found.features.items():
        if _passed(name, told, value, max(limit, found.chance.get(name, 0.0))):
            yield Alarm(name, value, limit, f"{name} has moved, PSI {value:.2f}")


def _score(found: Drift, limit: float, told: Collection[str]) -> Iterator[Alarm]:
    value = found.score
    if value is not None and _passed(SCORE, told, value, max(limit, found.score_chance or 0.0)):
        yield Alarm(SCORE, value, limit, f"its propensities have moved, PSI {value:.2f}")


def _ends(found: Drift, told: Collection[str]) -> Iterator[Alarm]:
    fresh, then = found.fresh, found.then
    if "expected_won" in fresh:
        rows, won, expected = fresh["rows"], fresh["won"], fresh["expected_won"]
        gap = abs(won - expected) / rows
        limit = max(GAP, SURELY * fresh["expected_error"] / rows)
        if _passed(CALIBRATION, told, gap, limit):
            text = f"{won:.0f} of {rows:.0f} that ended since were won, {expected:.0f} foretold"
            yield Alarm(CALIBRATION, gap, limit, text)
    if "auc" in fresh and "auc" in then:
        # Both intervals: the old figure is of a sample too.
        limit = (then["auc"] - then["auc_low"]) + (fresh["auc_high"] - fresh["auc"])
        lost = then["auc"] - fresh["auc"]
        if _passed(ORDER, told, lost, limit):
            text = f"its AUC fell from {then['auc']:.3f} to {fresh['auc']:.3f}"
            yield Alarm(ORDER, lost, limit, text)
