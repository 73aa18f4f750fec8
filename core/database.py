"""The record: one SQL database, reached through SQLAlchemy Core.

Each room declares its own tables on `metadata`, in a module listed in `TABLES`; `open_record`
creates what is missing, tables and columns. The embedded default is SQLite (WAL,
synchronous=FULL); a URL in the settings names another server.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from core.columns import add_columns
from core.errors import StartError
from core.refusal import refusal

T = TypeVar("T")
metadata = sa.MetaData()

TABLES = (
    "core.release",
    "events.attributes",
    "events.failed",
    "events.fates",
    "events.identity.tables",
    "events.intake.duplicates",
    "events.outcomes",
    "events.progress",
    "events.stages",
    "features.lake_files",
    "features.parity_run",
    "features.record",
    "features.served",
    "features.uncopied",
    "rules.life.counts",
    "rules.life.drafts",
    "rules.life.snoozes",
    "scoring.drifting",
    "scoring.experiment",
    "scoring.retraining",
    "scoring.unfollowed",
    "serving.kept.calls",
    "serving.keys",
    "signals.exposure",
    "signals.shadow.tables",
    "signals.tables",
)
"""Where tables are declared. By name and loaded when a record is opened, as the command line loads
commands: whichever process opens it first makes them all, so none can miss one.
"""

PRUNED_AT_ONCE = 2_000
"""Rows that one call of `prune` drops: the record is locked meanwhile."""
IN_LIMIT = 500
"""How many values one IN (…) carries: SQLite's oldest limit on parameters is 999."""


CACHE_MIB = 64
"""Pages of SQLite that a connection keeps, so that a worker's batch finds what it looks up."""


def open_record(
    url: str | Path, patience_s: float | None = None, cache_mib: int | None = None
) -> sa.Engine:
    """Opens the record and creates missing tables. StartError says what stands in the way.

    `patience_s` is how long a statement may take that waits for others; None: as long as it needs.
    Each connection to SQLite grows to `cache_mib` (None: `CACHE_MIB`), as the pages that it writes
    stay in its cache.
    """
    for room in TABLES:
        importlib.import_module(room)
    name = f"sqlite:///{url}" if isinstance(url, Path) else url
    try:
        engine = sa.create_engine(name, connect_args=_patience(name, patience_s))
        _name_in_errors(engine)
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine, CACHE_MIB if cache_mib is None else cache_mib)
        metadata.create_all(engine)
        add_columns(engine, metadata)
    except SQLAlchemyError as problem:
        told = refusal(problem) or StartError(f"cannot open the record: {problem.args[0]}")
        raise told from problem
    return engine


def _patience(name: str, seconds: float | None) -> dict[str, Any]:
    if name.startswith("sqlite"):
        return {"timeout": 30 if seconds is None else seconds}
    if seconds is None:
        return {}
    least = max(1, round(seconds))  # libpq takes whole seconds
    return {
        "connect_timeout": least,
        "options": f"-c statement_timeout={round(seconds * 1000)}",
    }


def _name_in_errors(engine: sa.Engine) -> None:
    """A note on each error says where: the file, or the server without its password."""
    where = engine.url.database if engine.dialect.name == "sqlite" else str(engine.url)

    @event.listens_for(engine, "handle_error")
    def _failed(context: sa.ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and where:
            error.add_note(where)


def _prepare_sqlite(engine: sa.Engine, cache_mib: int) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        # Python's own BEGIN is late (first write) and would let two writers deadlock.
        connection.isolation_level = None
        cache = f"cache_size=-{cache_mib << 10}"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", cache):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("read") else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that takes the write lock at once: no upgrade, so no deadlock."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A consistent view that waits for no writer."""
    with engine.connect().execution_options(read=True) as connection, connection.begin():
        yield connection


def upsert(
    table: sa.Table,
    connection: sa.Connection,
    rows: list[dict[str, Any]],
    *,
    added: tuple[str, ...] = (),
    latest: tuple[str, ...] = (),
    kept: tuple[str, ...] = (),
) -> None:
    """Inserts rows, replacing those with the same primary key. All rows have the same columns.

    Columns that are `added` sum up with what is there, of `latest` the larger value stays,
    those that are `kept` stay as they were written first.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table)
    new = statement.excluded
    keys = [column.name for column in table.primary_key]
    values: dict[str, Any] = {name: new[name] for name in rows[0] if name not in (*keys, *kept)}
    values |= {name: table.c[name] + new[name] for name in added}
    values |= {name: _larger(table.c[name], new[name]) for name in latest}
    if values:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, rows)


def _larger(one: Any, other: Any) -> Any:
    """`max` of two is called otherwise in each database."""
    return sa.case((one >= other, one), else_=other)


def prune(
    connection: sa.Connection,
    number: sa.Column[int],
    moment: sa.Column[int],
    most: int,
    before: int,
) -> int:
    """Drops rows from before a moment, and all but the `most` with the highest numbers; returns how
    many. At most `PRUNED_AT_ONCE` go in one call, oldest first.
    """
    newest = sa.select(sa.func.max(number)).scalar_subquery()
    gone = (
        sa.select(number)
        .where(sa.or_(number <= newest - most, moment < before))
        .order_by(number)
        .limit(PRUNED_AT_ONCE)
    )
    return connection.execute(number.table.delete().where(number.in_(gone))).rowcount


def chunks(values: list[T], size: int = IN_LIMIT) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
