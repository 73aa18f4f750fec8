"""Small lakes of known rows, for the tests of what happens to files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import DAY
from core.database import open_record, reading, writing
from core.installation import Installation
from features.definitions import Entity
from features.lake import Lake
from features.lake_files import listed, place_of
from features.names import VIEWS
from features.record import TileRow
from features.rewrite import Rewriter

MONDAY = 20_418 * DAY
LEADS = VIEWS[Entity.LEAD]

Row = tuple[str, int, int, bytes]
"""Lead id, known_at, created, tiles."""


def opened(folder: Path) -> tuple[Installation, sa.Engine]:
    installation = Installation(folder).create()
    return installation, open_record(installation.record_db)


def rewriter(installation: Installation, engine: sa.Engine) -> Rewriter:
    return Rewriter(installation, engine, memory_mb=200)


def write(
    installation: Installation,
    engine: sa.Engine,
    batches: Iterable[Sequence[Row]],
    recorded_at: int = MONDAY,
) -> None:
    """A file a batch, committed and published as the worker does."""
    lake = Lake(installation.lake)
    with reading(engine) as connection:
        first = max((file.last_offset for file in listed(connection)), default=0) + 1
    for batch in batches:
        last = first + len(batch) - 1
        rows = [
            TileRow(Entity.LEAD, one, known_at, created, last, blob)
            for one, known_at, created, blob in batch
        ]
        lake.write_rows(rows, (first, last), recorded_at)
        with writing(engine) as connection:
            lake.list_pending(connection)
        lake.publish()
        first = last + 1


def rows_of(installation: Installation, engine: sa.Engine, kind: str = LEADS) -> list[Row]:
    """Every row of the listed files, sorted."""
    with reading(engine) as connection:
        files = listed(connection, kind)
    return sorted(row for file in files for row in read(place_of(installation.lake, file.path)))


def read(place: Path) -> list[Row]:
    """The rows of one file as they stand in it."""
    columns = pq.ParquetFile(place).read().cast(_plain(place)).to_pydict()
    return list(zip(*(columns[name] for name in _COLUMNS), strict=True))


_COLUMNS = ("lead_id", "known_at", "created", "tiles")


def _plain(place: Path) -> pa.Schema:
    """Its schema, with times as integers."""
    schema = pq.read_schema(place)
    for name in ("known_at", "created"):
        at = schema.get_field_index(name)
        schema = schema.set(at, pa.field(name, pa.int64()))
    return schema
