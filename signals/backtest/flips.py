"""The leads that change band or route, by name, and the rules that made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.clock import to_iso
from rules import Facts, Rulebook
from signals.backtest.judge import facts_of
from signals.backtest.judged import BANDS, Judged, Way
from signals.backtest.report import Cause, Flip
from signals.moved import moved, settings_moved

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 10_000
"""Flips told by name; all are counted."""


def flipped(before: Judged, after: Judged) -> list[int]:
    """Places of the leads that change, the farthest moved first."""
    import numpy as np

    places = np.flatnonzero((before.band != after.band) | (before.way != after.way))
    moved = np.abs(after.priority - before.priority)
    return sorted(places.tolist(), key=lambda at: (-moved[at], at))


class Tellers:
    """Tells flips between two catalogs."""

    def __init__(self, before: Rulebook, after: Rulebook) -> None:
        self._before = before
        self._after = after
        self._settings = tuple(Cause(name, None) for name in settings_moved(before, after))

    def tell(
        self, table: pa.Table, places: Sequence[int], before: Judged, after: Judged
    ) -> list[Flip]:
        import pyarrow as pa

        rows = facts_of(table.take(pa.array(places, pa.int64())))
        return [self._flip(row, at, before, after) for row, at in zip(rows, places, strict=True)]

    def _flip(self, row: Mapping[str, Any], at: int, before: Judged, after: Judged) -> Flip:
        was, now = before.way[at], after.way[at]
        return Flip(
            lead_id=row["lead_id"],
            crm_id=row["crm_id"],
            account_id=row["account_id"],
            moment=to_iso(row["moment"]),
            won=row["won"],
            value=row["value"],
            propensity=row["propensity"],
            band_before=BANDS[before.band[at]],
            band_after=BANDS[after.band[at]],
            priority_before=round(float(before.priority[at]), 1),
            priority_after=round(float(after.priority[at]), 1),
            route_before=was.rule if was else None,
            route_after=now.rule if now else None,
            owner_before=was.owner if was else None,
            owner_after=now.owner if now else None,
            because=self._because(row, was, now),
        )

    def _because(self, facts: Facts, was: Way | None, now: Way | None) -> tuple[Cause, ...]:
        with_model = facts["propensity"] is not None
        old, new = ((one, one.evaluate([facts])[0]) for one in (self._before, self._after))
        felt = [Cause(one.id, one.by) for one in moved(old, new, with_model=with_model)]
        routed = [Cause(way.rule, None) for way in (was, now) if way and was and now and was != now]
        return (*felt, *self._settings, *dict.fromkeys(routed))
