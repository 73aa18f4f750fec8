"""Vectors as they were served, kept by sampling: what parity and drift are measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from core.database import metadata, prune
from features.definitions import FEATURES, digest
from features.marked import Mark
from features.vector import FeatureVector
from features.windows import Value

NAMES = tuple(feature.name for feature in FEATURES)
DEFINITIONS = digest(NAMES)
"""Of all features, in their order: values of other definitions cannot be compared."""

SERVED = sa.Table(
    "served_vector",
    metadata,
    # Never used twice: what was compared is remembered by it.
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("as_of", sa.BigInteger, nullable=False, index=True),
    sa.Column("definitions", sa.String(16), nullable=False),
    sa.Column("lead_id", sa.String(24), nullable=False),
    sa.Column("lead_mark", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.String(24)),
    sa.Column("account_mark", sa.BigInteger),
    sa.Column("vals", sa.LargeBinary, nullable=False),  # msgpack, in the order of FEATURES
    sqlite_autoincrement=True,
)


class Served(msgspec.Struct, frozen=True):
    """A vector and the marks of the rows that it was made from; `id` counts up."""

    id: int
    vector: FeatureVector
    mark: Mark


def write_served(connection: sa.Connection, told: Sequence[tuple[FeatureVector, Mark]]) -> None:
    """Keeps vectors. Those whose lead has no row in the online store are left out."""
    rows = [
        {
            "as_of": vector.as_of,
            "definitions": DEFINITIONS,
            "lead_id": vector.lead_id,
            "lead_mark": mark.lead,
            "account_id": vector.account_id,
            "account_mark": mark.account,
            "vals": msgspec.msgpack.encode([vector.values[name] for name in NAMES]),
        }
        for vector, mark in told
        if mark.lead is not None and (mark.account is None) == (vector.account_id is None)
    ]
    if rows:
        connection.execute(SERVED.insert(), rows)


def newest_served(connection: sa.Connection, limit: int, after: int = 0) -> list[Served]:
    """The newest vectors of today's definitions with an id above `after`, newest first."""
    wanted = (
        sa.select(SERVED)
        .where(SERVED.c.id > after, SERVED.c.definitions == DEFINITIONS)
        .order_by(SERVED.c.id.desc())
        .limit(limit)
    )
    return list(_read(connection.execute(wanted)))


def _read(rows: sa.CursorResult[tuple[object, ...]]) -> Iterator[Served]:
    decode = msgspec.msgpack.Decoder(list[Value]).decode
    for row in rows:
        values = dict(zip(NAMES, decode(row.vals), strict=True))
        vector = FeatureVector(row.lead_id, row.account_id, row.as_of, values)
        yield Served(row.id, vector, Mark(row.lead_mark, row.account_mark))


def prune_served(connection: sa.Connection, most: int, before: int) -> int:
    """Drops what was served before a moment, and all but the newest `most`: see `prune`."""
    return prune(connection, SERVED.c.id, SERVED.c.as_of, most, before)
