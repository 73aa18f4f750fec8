"""When a lead must be looked at again although nothing happened: windows move on with time."""

from __future__ import annotations

from core.clock import DAY, HOUR
from features.definitions import FEATURES, Kind
from features.vector import FeatureVector

_HOURLY = tuple(
    feature.name
    for feature in FEATURES
    if feature.kind in {Kind.COUNT, Kind.DISTINCT} and 0 < feature.days <= 2
)
"""Their windows' tails move each UTC hour, all other tails each UTC day."""


def rescore_at(vector: FeatureVector, band: str, now: int) -> int | None:
    """The next hop after `now` that can lower the band, at most a day ahead; None from cold."""
    if band == "cold":
        return None
    hop = HOUR if any(vector.values.get(name) for name in _HOURLY) else DAY
    return now - now % hop + hop
