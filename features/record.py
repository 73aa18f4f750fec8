"""The current tiles of each entity, in the record: the truth from which Redis can be rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks, metadata, upsert
from features.definitions import Entity

TILES = sa.Table(
    "tiles",
    metadata,
    sa.Column("entity", sa.String(8), primary_key=True),
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False, index=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),  # empty: absorbed by another lead
    sqlite_with_rowid=False,
)

LAKE_FILE = sa.Table(
    "lake_file",
    metadata,
    sa.Column("path", sa.String, primary_key=True),  # relative to the lake
    sa.Column("first_offset", sa.BigInteger, nullable=False),
    sa.Column("last_offset", sa.BigInteger, nullable=False, index=True),
    sa.Column("rows", sa.Integer, nullable=False),
)

RETELL_DUE = sa.Table(
    "retell_due",
    metadata,
    sa.Column("lead_id", sa.String(24), primary_key=True),  # its history came out of order
)


class TileRow(msgspec.Struct, frozen=True):
    """One entity's tiles as known at `known_at`; what both stores hold. Times in micros, UTC."""

    entity: Entity
    id: str
    known_at: int
    created: int
    """`recorded_at` of the event that made it: on a tie of `known_at` the newest stands."""
    offset: int
    blob: bytes


def save_tiles(connection: sa.Connection, rows: Iterable[TileRow]) -> None:
    """The newest row of each entity; `rows` come in the order in which they were made."""
    newest = {(row.entity, row.id): row for row in rows}
    upsert(
        TILES,
        connection,
        [
            {
                "entity": row.entity.value,
                "id": row.id,
                "known_at": row.known_at,
                "offset": row.offset,
                "blob": row.blob,
            }
            for row in newest.values()
        ],
    )


def read_rows(
    connection: sa.Connection, entity: Entity, ids: Sequence[str]
) -> list[sa.Row[tuple[str, int, bytes]]]:
    """(id, known_at, blob) of those that exist."""
    found: list[sa.Row[tuple[str, int, bytes]]] = []
    wanted = sa.select(TILES.c.id, TILES.c.known_at, TILES.c.blob).where(
        TILES.c.entity == entity.value
    )
    for some in chunks(sorted(set(ids))):
        found.extend(connection.execute(wanted.where(TILES.c.id.in_(some))))
    return found


def read_blobs(connection: sa.Connection, entity: Entity, ids: Sequence[str]) -> dict[str, bytes]:
    """The tiles of those that exist: what serves when the online store does not."""
    return {row.id: row.blob for row in read_rows(connection, entity, ids) if row.blob}


def changed_since(connection: sa.Connection, offset: int) -> Iterator[list[TileRow]]:
    """All rows made after `offset`, in pieces: for bringing the online store up to date."""
    piece = (
        sa.select(TILES)
        .where(TILES.c.offset > offset)
        .order_by(TILES.c.offset, TILES.c.entity, TILES.c.id)
        .execution_options(yield_per=2_000)
    )
    for some in connection.execute(piece).partitions():
        yield [
            TileRow(Entity(row.entity), row.id, row.known_at, row.known_at, row.offset, row.blob)
            for row in some
        ]
