"""Erasure in the lake: rows of some entities are written away while readers go on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.database import reading
from core.errors import WorkError
from features.lake_files import LakeFile, listed, place_of
from features.rewrite import ORDER, Keep, Rewriter, key_column, quoted

if TYPE_CHECKING:
    import duckdb


def rewrite_without(lake: Rewriter, kind: str, ids: Collection[str], now: int) -> int:
    """Removes the rows of these entities from all files of a kind; how many there were.

    On return no file in the lake holds them, those left for running queries included: a query that
    had listed such a file and not yet opened it fails, and finds them gone when it asks again.
    The worker must not write rows of these entities meanwhile: it calls this between batches.
    WorkError, and nothing erased, while a copy of the lake cannot be reached.
    """
    gone = pa.array(sorted(ids), pa.string())
    removed = 0
    with lake.locked():
        lake.files.finish()
        _forget_copies(lake, kind, ids)
        with reading(lake.engine) as connection:
            files = listed(connection, kind)
        for file in files:
            if _holds(place_of(lake.files.root, file.path), key_column(kind), gone):
                removed += file.rows - lake.replace([file], now, _others(file, gone)).rows
        lake.files.sweep(now, [kind])
    return removed


def _forget_copies(lake: Rewriter, kind: str, ids: Collection[str]) -> None:
    """First what waits to be copied is copied: else it would bring the rows back."""
    if lake.mirror is None or kind not in ORDER:
        return
    if not lake.mirror.catch_up():
        raise WorkError(
            "the offline store cannot be reached: nothing was erased",
            do="try again once the server of features.offline answers",
        )
    lake.mirror.forget(kind, ids)


def _holds(place: Path, key: str, gone: pa.Array) -> bool:
    """Reads one column, a row group at a time."""
    with pq.ParquetFile(place) as file:
        return any(
            pc.any(pc.is_in(batch[key], value_set=gone)).as_py()
            for batch in file.iter_batches(columns=[key])
        )


def _others(file: LakeFile, gone: pa.Array) -> Keep:
    key = quoted(key_column(file.kind))

    def prepare(duck: duckdb.DuckDBPyConnection) -> None:
        duck.register("gone", pa.table({"id": gone}))

    return Keep(f"{key} NOT IN (FROM gone)", prepare)
