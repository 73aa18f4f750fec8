"""What came of a draft that shadows: how it would have differed so far."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from signals.shadow.draft import Draft, newest
from signals.shadow.tables import RULE_SHADOW_COUNT, RULE_SHADOW_LEAD, RULE_SHADOW_SIGNAL

SHOWN = 50
"""Leads that differ and are told, the newest."""


_APART = RULE_SHADOW_LEAD.c.live_band != RULE_SHADOW_LEAD.c.draft_band


class Bands(msgspec.Struct, frozen=True):
    """How often a lead was looked at that stood in `live` and would have stood in `draft`."""

    live: str
    draft: str
    looks: int


class Signals(msgspec.Struct, frozen=True):
    """Signals about leads of one type: decided under the live rules, and under the draft."""

    type: str
    live: int
    draft: int


class Differing(msgspec.Struct, frozen=True):
    """A lead that stands in another band under the draft."""

    lead_id: str
    at: str
    live_band: str
    draft_band: str
    live_priority: float
    draft_priority: float
    because: tuple[tuple[str, float | None], ...]
    """Rules that tell otherwise, and the priority points they add or take by it; without points
    the parts of `priority.yaml` that differ."""


class Report(msgspec.Struct, frozen=True):
    digest: str
    author: str
    share: int
    """Of the leads, in percent."""
    started_at: str
    stopped_at: str | None
    reason: str | None
    """Why it stopped by itself."""
    looks: int
    differ: float | None
    """Share of the looks at which the bands differ; None before the first."""
    bands: tuple[Bands, ...]
    signals: tuple[Signals, ...]
    leads_that_differ: int
    newest: tuple[Differing, ...]


def report(connection: sa.Connection) -> Report | None:
    """Of the draft that shadows, or of the last one that did; None when there never was one."""
    draft = newest(connection)
    if draft is None:
        return None
    bands = _bands(connection, draft)
    looks = sum(one.looks for one in bands)
    differing = sum(one.looks for one in bands if one.live != one.draft)
    number = sa.select(sa.func.count()).select_from(RULE_SHADOW_LEAD).where(_APART)
    return Report(
        digest=draft.digest,
        author=draft.author,
        share=draft.share,
        started_at=to_iso(draft.started_at),
        stopped_at=to_iso(draft.stopped_at) if draft.stopped_at is not None else None,
        reason=draft.reason,
        looks=looks,
        differ=differing / looks if looks else None,
        bands=bands,
        signals=_signals(connection, draft),
        leads_that_differ=connection.execute(number).scalar_one(),
        newest=_newest(connection),
    )


def _bands(connection: sa.Connection, draft: Draft) -> tuple[Bands, ...]:
    columns = RULE_SHADOW_COUNT.c
    looks = sa.func.sum(columns.looks)
    asked = (
        sa.select(columns.live_band, columns.shadow_band, looks)
        .where(columns.shadow == draft.id)
        .group_by(columns.live_band, columns.shadow_band)
        .order_by(looks.desc(), columns.live_band, columns.shadow_band)
    )
    return tuple(Bands(live, shadow, int(sum_)) for live, shadow, sum_ in connection.execute(asked))


def _signals(connection: sa.Connection, draft: Draft) -> tuple[Signals, ...]:
    columns = RULE_SHADOW_SIGNAL.c
    asked = (
        sa.select(columns.type, sa.func.sum(columns.live), sa.func.sum(columns.draft))
        .where(columns.shadow == draft.id)
        .group_by(columns.type)
        .order_by(columns.type)
    )
    return tuple(Signals(told, int(a), int(b)) for told, a, b in connection.execute(asked))


def _newest(connection: sa.Connection) -> tuple[Differing, ...]:
    columns = RULE_SHADOW_LEAD.c
    asked = sa.select(RULE_SHADOW_LEAD).where(_APART)
    newest = asked.order_by(columns.at.desc(), columns.lead_id).limit(SHOWN)
    return tuple(_differing(row) for row in connection.execute(newest))


def _differing(row: Any) -> Differing:
    return Differing(
        row.lead_id,
        to_iso(row.at),
        row.live_band,
        row.draft_band,
        round(row.live_priority, 1),
        round(row.state["priority"], 1),
        tuple((name, by) for name, by in row.because),
    )
