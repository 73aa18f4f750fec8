"""Which files of the lake a copy elsewhere still lacks. Empty where there is no copy."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import chunks, metadata, upsert
from features.lake_files import LakeFile, listed
from features.names import VIEWS

LAKE_UNCOPIED = sa.Table(
    "lake_uncopied",
    metadata,
    sa.Column("path", sa.String, primary_key=True),
    sa.Column("last_offset", sa.BigInteger, nullable=False),
)
_MARK = ""
"""A row of this path says: what is not noted has been copied."""


def note(connection: sa.Connection, files: Sequence[LakeFile]) -> None:
    """In the transaction that lists the files. Archived events are not copied."""
    kinds = set(VIEWS.values())
    wanted = [file for file in files if file.kind in kinds]
    rows = [{"path": file.path, "last_offset": file.last_offset} for file in wanted]
    upsert(LAKE_UNCOPIED, connection, rows)


def uncopied(connection: sa.Connection) -> list[str]:
    """Paths in the log's order."""
    columns = LAKE_UNCOPIED.c
    wanted = sa.select(columns.path).where(columns.path != _MARK)
    ordered = wanted.order_by(columns.last_offset, columns.path)
    return list(connection.execute(ordered).scalars())


def copied(connection: sa.Connection, paths: Sequence[str]) -> None:
    for some in chunks(list(paths)):
        connection.execute(sa.delete(LAKE_UNCOPIED).where(LAKE_UNCOPIED.c.path.in_(some)))


def begin(connection: sa.Connection, anew: bool) -> None:
    """From now on files are noted; those of before too if the copy is new or has missed some."""
    marked = sa.select(LAKE_UNCOPIED.c.path).where(LAKE_UNCOPIED.c.path == _MARK)
    if anew or connection.execute(marked).first() is None:
        note(connection, listed(connection))
        upsert(LAKE_UNCOPIED, connection, [{"path": _MARK, "last_offset": -1}])


def end(connection: sa.Connection) -> None:
    """There is no copy any more: one that returns has to begin with all files."""
    connection.execute(sa.delete(LAKE_UNCOPIED))


def settled(connection: sa.Connection, kind: str | None = None) -> list[LakeFile]:
    """Listed files that may be replaced: a copy does not wait for them under their names."""
    waiting = set(uncopied(connection))
    return [file for file in listed(connection, kind) if file.path not in waiting]
