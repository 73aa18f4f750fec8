"""Columns that a newer program knows and an older record lacks.

The one kind of change that needs no thought: a column that may be empty is added when the record is
opened, and its old rows hold nothing there. Whatever else changes is the work of a release's notes.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from core.errors import StartError


def add_columns(engine: sa.Engine, metadata: sa.MetaData) -> list[str]:
    """Adds them, and returns their names as `table.column`. Run twice it does nothing.

    StartError for a missing column that may not be empty: nobody could say what its rows hold.
    """
    if not _missing(sa.inspect(engine), metadata):
        return []
    # Looked at again under the write lock: another process may have opened the record as well.
    with engine.begin() as connection:
        missing = _missing(sa.inspect(connection), metadata)
        _refuse(missing)
        for column in missing:
            told = CreateColumn(column).compile(dialect=engine.dialect)
            table = engine.dialect.identifier_preparer.format_table(column.table)
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {told}")
    return [str(column) for column in missing]


def _missing(record: sa.Inspector, metadata: sa.MetaData) -> list[sa.Column[object]]:
    held = {
        name: {column["name"] for column in columns}
        for (_, name), columns in record.get_multi_columns().items()
    }
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if table.name in held and column.name not in held[table.name]
    ]


def _refuse(missing: list[sa.Column[object]]) -> None:
    needed = [str(column) for column in missing if not column.nullable]
    if needed:
        raise StartError(
            f"the record was made by another version of the program: it lacks {', '.join(needed)}",
            do="run that version, or start in a new folder with --data",
        )
