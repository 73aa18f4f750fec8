"""The lake: feature rows and archived events as Parquet files that are never changed.

A file is written under a temporary name before the batch commits, listed in the batch's
transaction, and renamed after it (again at start): what is not listed is not real.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import to_iso
from core.database import upsert
from features.definitions import Entity
from features.names import CREATED, KEYS, KNOWN_AT, VALUE, VIEWS
from features.record import LAKE_FILE, TileRow

TEMPORARY = ".writing"
_STAMP = pa.timestamp("us", tz="UTC")


class Lake:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._pending: list[dict[str, Any]] = []

    def write_rows(
        self, rows: Sequence[TileRow], offsets: tuple[int, int], recorded_at: int
    ) -> None:
        """Writes a batch's tile rows, a file for each entity."""
        for entity in Entity:
            some = [row for row in rows if row.entity is entity]
            if some:
                self.write(VIEWS[entity], _table(entity, some), offsets, recorded_at)

    def write(self, kind: str, table: pa.Table, offsets: tuple[int, int], recorded_at: int) -> None:
        """Under a temporary name, synced. Offsets name the file: writing it again replaces it."""
        day = to_iso(recorded_at)[:10]
        name = f"{kind}/day={day}/{offsets[0]:012d}-{offsets[1]:012d}.parquet"
        path = self._root / f"{name}{TEMPORARY}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pq.write_table(table, file, compression="zstd", write_statistics=False)
            file.flush()
            os.fsync(file.fileno())
        self._pending.append(
            {
                "path": name,
                "first_offset": offsets[0],
                "last_offset": offsets[1],
                "rows": table.num_rows,
            }
        )

    def list_pending(self, connection: sa.Connection) -> None:
        """In the batch's transaction: from its commit on the files are real."""
        upsert(LAKE_FILE, connection, self._pending)

    def publish(self) -> None:
        """After the commit: readers see the files from here on."""
        for file in self._pending:
            self._rename(file["path"])
        self._pending.clear()

    def drop_pending(self) -> None:
        """After a batch that did not commit."""
        for file in self._pending:
            (self._root / f"{file['path']}{TEMPORARY}").unlink(missing_ok=True)
        self._pending.clear()

    def recover(self, connection: sa.Connection) -> None:
        """At start: finishes the renames of committed batches, drops what no batch committed."""
        listed = set(connection.execute(sa.select(LAKE_FILE.c.path)).scalars())
        for path in sorted(self._root.glob(f"*/day=*/*{TEMPORARY}")):
            name = str(path.relative_to(self._root)).removesuffix(TEMPORARY)
            if name in listed:
                self._rename(name)
            else:
                path.unlink()

    def _rename(self, name: str) -> None:
        temporary = self._root / f"{name}{TEMPORARY}"
        if temporary.exists():
            temporary.replace(self._root / name)


def _table(entity: Entity, rows: Sequence[TileRow]) -> pa.Table:
    return pa.table(
        {
            KEYS[entity]: pa.array([row.id for row in rows], pa.string()),
            VALUE: pa.array([row.blob for row in rows], pa.binary()),
            KNOWN_AT: pa.array([row.known_at for row in rows], _STAMP),
            CREATED: pa.array([row.created for row in rows], _STAMP),
        }
    )
