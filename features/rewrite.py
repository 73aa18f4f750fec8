"""Writes lake files anew: several into one, sorted, with the rows that are to stay."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq
import sqlalchemy as sa

from core.installation import Installation
from core.locks import held
from features.duck import opened
from features.lake_files import LakeFile, Replacer, place_of, successor, sync_folder
from features.names import CREATED, KEYS, KNOWN_AT, VIEWS

if TYPE_CHECKING:
    import duckdb

    from features.mirror import Mirror

ROW_GROUP = 20_480
"""Rows that a reader can skip at once: about 5 MB of tiles."""
WAIT_S = 120.0
"""How long one piece of work on the lake waits for another to end."""

_ARCHIVE = ("lead_id", KNOWN_AT, "offset")
ORDER = {view: (KEYS[entity], KNOWN_AT, CREATED) for entity, view in VIEWS.items()}
"""Kind of feature rows → what they are sorted by, the entity's id first. Others are archives."""

_SORTED = "SELECT {columns} FROM read_parquet($files) WHERE {condition} ORDER BY {order}"

Prepare = Callable[["duckdb.DuckDBPyConnection"], None]
"""Makes the tables that a condition names."""


class Keep(NamedTuple):
    """Which rows stay: a condition in DuckDB's SQL, and what it stands on."""

    condition: str
    prepare: Prepare


class Rewriter:
    """Work on the lake of one installation that replaces files; one process at a time."""

    def __init__(
        self,
        installation: Installation,
        engine: sa.Engine,
        memory_mb: int,
        mirror: Mirror | None = None,
    ) -> None:
        self.engine = engine
        self.files = Replacer(installation.lake, engine)
        self.memory_mb = memory_mb
        self.mirror = mirror
        self.spill = installation.run / "spill"
        self._lock = installation.run / "lake.lock"

    def locked(self) -> AbstractContextManager[None]:
        """StartError when another process works on the lake for longer than `WAIT_S`."""
        return held(self._lock, "work on the lake", WAIT_S)

    def replace(self, old: Sequence[LakeFile], now: int, keep: Keep | None = None) -> LakeFile:
        """Puts the rows of `old` that stay into one new file; the file, with no rows if none did.

        Memory is bounded: what does not fit is sorted on the disk.
        """
        new = successor(old, 0)
        draft = self.files.draft(new)
        places = [place_of(self.files.root, file.path) for file in old]
        new = new._replace(rows=self._write(places, draft, old[0].kind, keep))
        if new.rows:
            self.files.replace(old, new, now)
        else:
            draft.unlink()
            self.files.replace(old, None, now)
        return new

    def _write(self, places: Sequence[Path], draft: Path, kind: str, keep: Keep | None) -> int:
        order = order_of(kind)
        schema = pq.read_schema(places[0])
        query = _SORTED.format(
            columns=", ".join(map(quoted, schema.names)),
            condition=keep.condition if keep else "true",
            order=", ".join(map(quoted, order)),
        )
        rows = 0
        with opened(self.memory_mb, self.spill) as duck, draft.open("wb") as file:
            if keep:
                keep.prepare(duck)
            sorted_rows = duck.sql(query, params={"files": [str(place) for place in places]})
            # Ranges of ids and times let readers skip; those of contents would tell of people.
            with pq.ParquetWriter(
                file, schema, compression="zstd", write_statistics=list(order)
            ) as writer:
                for batch in sorted_rows.to_arrow_reader(ROW_GROUP):
                    writer.write_batch(batch.cast(schema), row_group_size=ROW_GROUP)
                    rows += batch.num_rows
            file.flush()
            os.fsync(file.fileno())
        sync_folder(draft.parent)
        return rows


def order_of(kind: str) -> tuple[str, ...]:
    return ORDER.get(kind, _ARCHIVE)


def key_column(kind: str) -> str:
    """The column that holds the entity's id."""
    return order_of(kind)[0]


def quoted(name: str) -> str:
    return f'"{name}"'
