"""What became of each of the last events: the integrator's debugger (`GET /v1/events/recent`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.database import metadata, upsert

KEPT = 10_000
"""How many are remembered, the newest."""
IMPORTED_PER_BATCH = 200
"""Of history a batch writes its last ones only: years of it are not worth a row an event."""

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
    imported: bool = False
    """Came by the door for history; not stored."""


def remember(connection: sa.Connection, fates: Sequence[Fate]) -> None:
    """Keeps what became of live events and of every failed one, and the last of history."""
    kept = _kept(fates)
    if not kept:
        return
    upsert(FATE, connection, [_row(fate) for fate in kept])
    newest = sa.select(FATE.c.offset).order_by(FATE.c.offset.desc())
    too_old = newest.offset(KEPT).limit(1).scalar_subquery()
    connection.execute(sa.delete(FATE).where(FATE.c.offset <= too_old))


def _kept(fates: Sequence[Fate]) -> list[Fate]:
    history = [fate.offset for fate in fates if fate.imported and fate.fate != "failed"]
    left_out = set(history[:-IMPORTED_PER_BATCH])
    return [fate for fate in fates if fate.offset not in left_out]


def _row(fate: Fate) -> dict[str, Any]:
    row = msgspec.structs.asdict(fate)
    del row["imported"]
    return row


def recent(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """The last events, newest first."""
    newest = sa.select(FATE).order_by(FATE.c.offset.desc()).limit(limit)
    return [
        {**row, "recorded_at": to_iso(row["recorded_at"])}
        for row in connection.execute(newest).mappings()
    ]
