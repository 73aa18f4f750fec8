"""What a draft would have decided of one batch: counted, and saved with the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import DAY
from core.database import chunks, upsert
from signals.shadow.draft import end
from signals.shadow.tables import RULE_SHADOW_COUNT, RULE_SHADOW_LEAD, RULE_SHADOW_SIGNAL

MOST_LEADS = 10_000
"""Leads that differ and are remembered, the newest; older ones start again from the live state."""


class Comparison(msgspec.Struct):
    """Of one batch. `failed` says why the draft has to stop."""

    shadow: int
    at: int
    bands: Counter[tuple[str, str]]
    signals: Counter[tuple[str, str]]
    """(type, `live` or `draft`) → how many."""
    differing: list[dict[str, Any]]
    alike: list[str]
    """Leads that differed before, and do no longer."""
    failed: str = ""

    def save(self, connection: sa.Connection, merged: Iterable[str] = ()) -> None:
        """In the worker's transaction. `merged`: leads absorbed by others."""
        upsert(RULE_SHADOW_COUNT, connection, self._bands(), added=("looks",))
        upsert(RULE_SHADOW_SIGNAL, connection, self._signals(), added=("live", "draft"))
        for part in chunks([*self.alike, *merged]):
            connection.execute(
                sa.delete(RULE_SHADOW_LEAD).where(RULE_SHADOW_LEAD.c.lead_id.in_(part))
            )
        upsert(RULE_SHADOW_LEAD, connection, self.differing)
        _prune(connection)
        if self.failed:
            end(connection, self.shadow, self.at, self.failed)

    def _bands(self) -> list[dict[str, Any]]:
        return [
            {**self._day(), "live_band": live, "shadow_band": draft, "looks": looks}
            for (live, draft), looks in self.bands.items()
        ]

    def _signals(self) -> list[dict[str, Any]]:
        return [
            {**self._day(), "type": told, "live": self.signals[told, "live"],
             "draft": self.signals[told, "draft"]}
            for told in sorted({told for told, _ in self.signals})
        ]  # fmt: skip

    def _day(self) -> dict[str, int]:
        return {"shadow": self.shadow, "day": self.at // DAY}


def nothing(shadow: int, at: int, failed: str = "") -> Comparison:
    return Comparison(shadow, at, Counter(), Counter(), [], [], failed)


def _prune(connection: sa.Connection) -> None:
    newest = sa.select(RULE_SHADOW_LEAD.c.at).order_by(RULE_SHADOW_LEAD.c.at.desc())
    too_old = newest.offset(MOST_LEADS).limit(1).scalar_subquery()
    connection.execute(sa.delete(RULE_SHADOW_LEAD).where(RULE_SHADOW_LEAD.c.at <= too_old))
