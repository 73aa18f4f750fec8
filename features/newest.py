"""The newest row of each entity known by a moment, straight from the lake's Parquet files.

The answer is that of Feast's point-in-time join (a test holds them equal). Feast joins every asked
pair with all earlier rows of its entity, tiles included, and keeps one: with 100,000 pairs and
entities of many rows that is far more than memory holds. Here a first pass reads ids and times
only, an ASOF join finds which rows win, and a second pass fetches the tiles of the winners.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from features.definitions import Entity
from features.duck import opened
from features.names import CREATED, KEYS, KNOWN_AT, VALUE

if TYPE_CHECKING:
    import duckdb

_PIECE = 10_000

# A row wins by its time alone; among rows of one entity and time the one created last stands.
_IDS = """
CREATE TABLE ids AS
SELECT id, row_number() OVER ()::INTEGER AS code FROM (SELECT DISTINCT id FROM asked)
"""
_ASKED = "CREATE TABLE ask AS SELECT code, moment FROM asked JOIN ids USING (id)"
_FOUND = """
CREATE TABLE found AS
SELECT ask.code, ask.moment, row.known_at
FROM ask ASOF JOIN (
    SELECT ids.code, file.{known_at} AS known_at
    FROM read_parquet($files) AS file JOIN ids ON file.{key} = ids.id
) AS row ON ask.code = row.code AND ask.moment >= row.known_at
"""
_BLOBS = """
WITH winner AS (SELECT DISTINCT id, code, known_at FROM found JOIN ids USING (code)),
told AS (
    SELECT winner.code, winner.known_at, arg_max(file.{value}, file.{created}) AS blob
    FROM read_parquet($files) AS file
    JOIN winner ON file.{key} = winner.id AND file.{known_at} = winner.known_at
    GROUP BY ALL
)
SELECT id, epoch_us(moment), blob
FROM found JOIN told USING (code, known_at) JOIN ids USING (code)
"""


def newest(
    files: Sequence[Path],
    entity: Entity,
    asks: Sequence[tuple[str, int]],
    memory_mb: int,
    spill: Path,
) -> dict[tuple[str, int], bytes]:
    """(entity id, moment in micros) → tiles; pairs with nothing known by then are missing.

    Raises `duckdb.IOException` when one of the files is gone.
    """
    with opened(memory_mb, spill) as duck:
        return dict(_told(duck, [str(file) for file in files], entity, asks))


def _told(
    duck: duckdb.DuckDBPyConnection,
    files: list[str],
    entity: Entity,
    asks: Sequence[tuple[str, int]],
) -> Iterator[tuple[tuple[str, int], bytes]]:
    import pyarrow as pa

    stamp = pa.timestamp("us", tz="UTC")
    distinct = sorted(set(asks))
    table = {
        "id": pa.array([one for one, _ in distinct], pa.string()),
        "moment": pa.array([moment for _, moment in distinct], pa.int64()).cast(stamp),
    }
    duck.register("asked", pa.table(table))
    names = {"key": KEYS[entity], "known_at": KNOWN_AT, "created": CREATED, "value": VALUE}
    duck.execute(_IDS)
    duck.execute(_ASKED)
    duck.execute(_FOUND.format(**names), {"files": files})
    answer = duck.execute(_BLOBS.format(**names), {"files": files})
    while rows := answer.fetchmany(_PIECE):
        for entity_id, moment, blob in rows:
            yield (entity_id, moment), blob
