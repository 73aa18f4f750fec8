"""What the health of features is judged by: a sample of vectors, and the rows that changed last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.clock import DAY
from events.identity.tables import LEAD
from events.outcomes import CRM_LEAD
from features.columns import columns_of
from features.definitions import Entity
from features.record import TILES, read_blobs
from features.served import newest_served
from features.vector import FeatureVector, Stored, vectors

SAMPLE = 2_000
"""Leads that are looked at."""
ENOUGH = 100
"""Served vectors of different leads; with fewer, current vectors of a sample of leads are taken."""
ROWS = 5_000
"""Of each entity, newest first, in which freshness is looked for."""


class Sample(msgspec.Struct, frozen=True):
    """Vectors of different leads, and where they come from: served or current."""

    source: str
    vectors: list[FeatureVector]


def sample_vectors(connection: sa.Connection, now: int) -> Sample:
    """What was served last, a vector a lead; where that is little, leads as they stand now."""
    served: dict[str, FeatureVector] = {}
    for one in newest_served(connection, SAMPLE):
        served.setdefault(one.vector.lead_id, one.vector)
    if len(served) >= ENOUGH:
        return Sample("served", list(served.values()))
    return Sample("current", _current(connection, now))


def aged_vectors(
    connection: sa.Connection, now: int, ages: Sequence[tuple[float, float]]
) -> list[FeatureVector]:
    """As they stand now, of leads whose age lies in one of the spans (from, below; in days)."""
    opened = CRM_LEAD.c.created_at
    spans = [
        sa.and_(opened <= now - int(low * DAY), opened > now - int(high * DAY))
        for low, high in ages
    ]
    asked = sa.select(CRM_LEAD.c.lead_id).where(sa.or_(*spans))
    return _current(connection, now, LEAD.c.lead_id.in_(asked))


def _current(
    connection: sa.Connection, now: int, *which: sa.ColumnElement[bool]
) -> list[FeatureVector]:
    """Lead ids say nothing of their leads, so the first of them are a fair sample."""
    told = connection.execute(
        sa.select(LEAD.c.lead_id, LEAD.c.account_id)
        .where(LEAD.c.merged_into.is_(None), *which)
        .order_by(LEAD.c.lead_id)
        .limit(SAMPLE)
    ).all()
    leads = read_blobs(connection, Entity.LEAD, [row.lead_id for row in told])
    named = [row.account_id for row in told if row.account_id]
    accounts = read_blobs(connection, Entity.ACCOUNT, named)
    return vectors(
        [
            Stored(
                row.lead_id,
                row.account_id,
                leads.get(row.lead_id),
                accounts.get(row.account_id or ""),
                now,
            )
            for row in told
        ]
    )


def newest_by_feature(connection: sa.Connection) -> dict[str, int]:
    """When the newest row that fills a feature was known, among the rows that changed last."""
    newest: dict[str, int] = {}
    for entity in Entity:
        rows = connection.execute(
            sa.select(TILES.c.known_at, TILES.c.blob)
            .where(TILES.c.entity == entity.value)
            .order_by(TILES.c.offset.desc())
            .limit(ROWS)
        )
        told = [(row.known_at, row.blob) for row in rows]
        if not told:
            continue
        for name, values in columns_of(entity, told).items():
            filled = (known_at for (known_at, _), value in zip(told, values, strict=True) if value)
            newest[name] = max(filled, default=-1)
    return {name: known_at for name, known_at in newest.items() if known_at >= 0}
