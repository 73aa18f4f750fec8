"""Failed events: accepted, but in breach of the event contract. Kept, shown, repairable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.database import metadata, upsert
from events.types import FailedEvent

FAILED = sa.Table(
    "failed_event",
    metadata,
    sa.Column("offset", sa.BigInteger, primary_key=True),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("problems", sa.JSON, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),  # RawEvent as JSON: all that is needed again
)


def save_failed(connection: sa.Connection, failed: Sequence[FailedEvent]) -> None:
    """Keeps failed events; saving one again is a no-op, its offset names it."""
    rows = [
        {
            "offset": event.raw.offset,
            "recorded_at": event.raw.recorded_at,
            "reason": event.reason,
            "problems": [msgspec.to_builtins(problem) for problem in event.problems],
            "raw": msgspec.json.encode(event.raw),
        }
        for event in failed
    ]
    upsert(FAILED, connection, rows)


def list_failed(connection: sa.Connection, limit: int = 50) -> list[dict[str, Any]]:
    """The newest failed events first, without their payload."""
    columns = (FAILED.c.offset, FAILED.c.recorded_at, FAILED.c.reason, FAILED.c.problems)
    newest = sa.select(*columns).order_by(FAILED.c.offset.desc()).limit(limit)
    return [
        {**row, "recorded_at": to_iso(row["recorded_at"])}
        for row in connection.execute(newest).mappings()
    ]


def show_failed(connection: sa.Connection, offset: int) -> dict[str, Any] | None:
    """One failed event with its payload as text; None if there is none at that offset."""
    row = connection.execute(sa.select(FAILED).where(FAILED.c.offset == offset)).mappings().first()
    if row is None:
        return None
    raw = msgspec.json.decode(row["raw"])
    body = msgspec.json.Decoder(bytes).decode(msgspec.json.encode(raw.pop("body")))
    told = {**row, "recorded_at": to_iso(row["recorded_at"]), **raw}
    told["raw"] = body.decode("utf-8", "replace")
    return told
