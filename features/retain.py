"""Retention: what is older than a cut leaves the lake, except what later moments still stand on.

A question about a moment m from the cut on takes the newest row known by m; parity asks for the
newest among those created by some w from the cut on. So of an entity's rows known before the cut
the newest stays; an older one stays only while some w finds it, because all newer ones were
created later than it and after the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.clock import to_datetime
from core.database import reading
from features.duck import opened
from features.lake_files import LakeFile, place_of
from features.names import CREATED, KNOWN_AT
from features.rewrite import ORDER, Keep, Rewriter, key_column, quoted
from features.uncopied import settled

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_STAY = """
SELECT {key} AS id, {known_at} AS known_at, {created} AS created
FROM read_parquet($files) WHERE {known_at} < $cut::TIMESTAMPTZ
QUALIFY greatest({created}, $cut) < coalesce(
    min(greatest({created}, $cut)) OVER (
        PARTITION BY {key} ORDER BY {known_at} DESC, {created} DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ),
    'infinity'::TIMESTAMPTZ
)
"""

_LOSING = """
SELECT DISTINCT filename FROM read_parquet($files, filename = true) WHERE NOT {condition}
"""


def retain(lake: Rewriter, kind: str, cut: int, now: int) -> int:
    """Drops rows of one kind known before `cut` (microseconds, UTC); how many.

    Archived events all go; of feature rows those stay that answers from `cut` on stand on.
    """
    with lake.locked():
        lake.files.finish()
        with reading(lake.engine) as connection:
            files = settled(connection, kind)
        if not files:
            return 0
        keep = _keep(lake, files, cut)
        touched = _losing(lake, files, keep)
        return sum(file.rows - lake.replace([file], now, keep).rows for file in touched)


def _keep(lake: Rewriter, files: Sequence[LakeFile], cut: int) -> Keep:
    kind, known_at = files[0].kind, quoted(KNOWN_AT)
    recent = f"{known_at} >= TIMESTAMPTZ '{to_datetime(cut).isoformat()}'"
    if kind not in ORDER:
        return Keep(recent, lambda _: None)
    key, created = quoted(key_column(kind)), quoted(CREATED)
    query = _STAY.format(key=key, known_at=known_at, created=created)
    with opened(lake.memory_mb, lake.spill) as duck:
        told = {"files": _places(lake, files), "cut": to_datetime(cut)}
        stay: pa.Table = duck.sql(query, params=told).to_arrow_table()

    def prepare(duck: duckdb.DuckDBPyConnection) -> None:
        duck.register("stay", stay)

    return Keep(f"({recent} OR ({key}, {known_at}, {created}) IN (FROM stay))", prepare)


def _losing(lake: Rewriter, files: Sequence[LakeFile], keep: Keep) -> list[LakeFile]:
    """The files that hold rows which are to go."""
    places = dict(zip(_places(lake, files), files, strict=True))
    with opened(lake.memory_mb, lake.spill) as duck:
        keep.prepare(duck)
        query = _LOSING.format(condition=keep.condition)
        found = duck.execute(query, {"files": list(places)}).fetchall()
    return [places[name] for (name,) in found]


def _places(lake: Rewriter, files: Sequence[LakeFile]) -> list[str]:
    return [str(place_of(lake.files.root, file.path)) for file in files]
