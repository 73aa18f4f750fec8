"""The lake: feature rows and archived events as Parquet files that are never changed.

A file is written under a temporary name before the batch commits, listed in the batch's
transaction, and renamed after it (again at start): what is not listed is not real.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import to_iso
from core.database import upsert
from features.definitions import Entity
from features.lake_files import MERGING, WRITING, LakeFile, listed, publish, sync_folder
from features.names import CREATED, KEYS, KNOWN_AT, VALUE, VIEWS
from features.record import LAKE_FILE, TileRow
from features.uncopied import note

if TYPE_CHECKING:
    from features.mirror import Mirror

_STAMP = pa.timestamp("us", tz="UTC")


class Lake:
    def __init__(self, root: Path, mirror: Mirror | None = None) -> None:
        self._root = root
        self._mirror = mirror
        self._pending: list[dict[str, Any]] = []

    def write_rows(
        self, rows: Sequence[TileRow], offsets: tuple[int, int], recorded_at: int, part: int = 0
    ) -> None:
        """Writes a batch's tile rows, a file for each entity. `part` tells files of one offset
        range apart.
        """
        for entity in Entity:
            some = [row for row in rows if row.entity is entity]
            if some:
                self.write(VIEWS[entity], _table(entity, some), offsets, recorded_at, part)

    def write(
        self,
        kind: str,
        table: pa.Table,
        offsets: tuple[int, int],
        recorded_at: int,
        part: int = 0,
    ) -> None:
        """Under a temporary name, synced. Offsets name the file: writing it again replaces it."""
        day = to_iso(recorded_at)[:10]
        stem = f"{offsets[0]:012d}-{offsets[1]:012d}" + (f"-{part:06d}" if part else "")
        name = f"{kind}/day={day}/{stem}.parquet"
        path = self._root / f"{name}{WRITING}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pq.write_table(table, file, compression="zstd", write_statistics=False)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)  # a listed file must have its name after a power cut
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
        if self._mirror is not None:
            note(connection, [LakeFile(**file) for file in self._pending])

    def pending(self, kind: str) -> list[Path]:
        """The files of a kind that wait for their commit."""
        paths = [file["path"] for file in self._pending]
        return [self._root / f"{path}{WRITING}" for path in paths if path.startswith(f"{kind}/")]

    def publish(self) -> None:
        """After the commit: readers see the files from here on."""
        for file in self._pending:
            publish(self._root, file["path"], WRITING)
        self._pending.clear()
        if self._mirror is not None:
            self._mirror.catch_up()

    def drop_pending(self) -> None:
        """After a batch that did not commit."""
        for file in self._pending:
            (self._root / f"{file['path']}{WRITING}").unlink(missing_ok=True)
        self._pending.clear()

    def recover(self, connection: sa.Connection) -> None:
        """At start: finishes the renames of what was listed, drops what no batch committed.

        A draft that is to replace other files and is not listed may still be being written.
        """
        real = {file.path for file in listed(connection)}
        for suffix in (WRITING, MERGING):
            for place in sorted(self._root.glob(f"*/day=*/*{suffix}")):
                path = str(place.relative_to(self._root)).removesuffix(suffix)
                if path in real:
                    publish(self._root, path, suffix)
                elif suffix == WRITING:
                    place.unlink()


def _table(entity: Entity, rows: Sequence[TileRow]) -> pa.Table:
    return pa.table(
        {
            KEYS[entity]: pa.array([row.id for row in rows], pa.string()),
            VALUE: pa.array([row.blob for row in rows], pa.binary()),
            KNOWN_AT: pa.array([row.known_at for row in rows], _STAMP),
            CREATED: pa.array([row.created for row in rows], _STAMP),
        }
    )
