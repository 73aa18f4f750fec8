"""What became of each of the last events: the integrator's debugger (`GET /v1/events/recent`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.database import metadata, upsert

KEPT = 2_000
"""How many are remembered."""
PER_BATCH = 200
"""A batch writes no more than this, its last ones: history is not worth a row an event."""

FATE = sa.Table(
    "event_fate",
    metadata,
    sa.Column("offset", sa.BigInteger, primary_key=True),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.String),
    sa.Column("name", sa.String),
    sa.Column("fate", sa.String, nullable=False),  # processed, duplicate, failed
    sa.Column("detail", sa.String),
    sa.Column("lead_id", sa.String),
    sa.Column("signals", sa.JSON, nullable=False),
)


class Fate(msgspec.Struct):
    offset: int
    recorded_at: int
    fate: str
    message_id: str | None = None
    name: str | None = None
    detail: str | None = None
    lead_id: str | None = None
    signals: list[str] = []


def remember(connection: sa.Connection, fates: Sequence[Fate]) -> None:
    if not fates:
        return
    upsert(FATE, connection, [msgspec.structs.asdict(fate) for fate in fates[-PER_BATCH:]])
    connection.execute(sa.delete(FATE).where(FATE.c.offset <= fates[-1].offset - KEPT))


def recent(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """The last events, newest first."""
    newest = sa.select(FATE).order_by(FATE.c.offset.desc()).limit(limit)
    return [
        {**row, "recorded_at": to_iso(row["recorded_at"])}
        for row in connection.execute(newest).mappings()
    ]
