"""How far the worker has come, and what became of the events: committed with each batch."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from core.database import metadata, upsert

PROGRESS = sa.Table(
    "progress",
    metadata,
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("online_offset", sa.BigInteger, nullable=False),
    sa.Column("processed", sa.BigInteger, nullable=False),
    sa.Column("duplicates", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("clamped", sa.BigInteger, nullable=False),
    sa.Column("watermark", sa.BigInteger, nullable=False),
    sa.Column("stage_seconds", sa.JSON, nullable=False),
)


class Progress(msgspec.Struct):
    """`offset` is the last event whose effects are in the record; `online_offset` the last one
    whose effects are in the online store. The effects of all events recorded by `watermark` are in
    the record: that of the event at `offset`, or later where none has come since. accepted =
    processed + duplicates + failed once `offset` is the log's last.
    """

    partition: int = 0
    offset: int = 0
    online_offset: int = 0
    processed: int = 0
    duplicates: int = 0
    failed: int = 0
    clamped: int = 0
    watermark: int = 0
    stage_seconds: dict[str, float] = {}


def load(connection: sa.Connection, partition: int = 0) -> Progress:
    columns = [PROGRESS.c[name] for name in Progress.__struct_fields__]
    row = connection.execute(sa.select(*columns).where(PROGRESS.c.partition == partition)).first()
    return Progress(*row) if row else Progress(partition)


def save(connection: sa.Connection, progress: Progress) -> None:
    upsert(PROGRESS, connection, [msgspec.structs.asdict(progress)])


def read(connection: sa.Connection) -> dict[str, Any]:
    """The same as a plain dict, for health pages and commands."""
    return msgspec.structs.asdict(load(connection))
