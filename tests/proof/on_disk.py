"""Python's `sqlite3.connect`, spoken by apsw: the product opens its files on the forgetful disk.

Only what this product and SQLAlchemy ask of a connection is here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apsw

from tests.proof.disk import NAME


def connect_by(weaken: bool) -> Callable[..., Connection]:
    """A stand-in for `sqlite3.connect`; `weaken` turns synchronous=FULL into NORMAL."""

    def connect(path: Any, timeout: float = 5, **_: Any) -> Connection:
        return Connection(str(path), timeout, weaken)

    return connect


class Connection:
    def __init__(self, path: str, timeout: float, weaken: bool) -> None:
        self._inner = apsw.Connection(path, vfs=NAME)
        self._inner.set_busy_timeout(round(timeout * 1000))
        self._weaken = weaken
        self.isolation_level: str | None = None

    def cursor(self) -> Cursor:
        return Cursor(self._inner, self._weaken)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        return self.cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        return self.cursor().executemany(sql, rows)

    def executescript(self, sql: str) -> None:
        self._inner.execute(sql)

    def create_function(self, name: str, count: int, function: Any, **_: Any) -> None:
        self._inner.create_scalar_function(name, function, count)

    def commit(self) -> None:
        if self._inner.in_transaction:
            self._inner.execute("COMMIT")

    def rollback(self) -> None:
        if self._inner.in_transaction:
            self._inner.execute("ROLLBACK")

    def close(self) -> None:
        self._inner.close()


class Cursor:
    """Rows are read at once: a statement under way would stand in the way of a COMMIT."""

    arraysize = 1

    def __init__(self, inner: apsw.Connection, weaken: bool) -> None:
        self._connection = inner
        self._weaken = weaken
        self._rows: Iterator[Any] = iter(())
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        inner = self._connection.cursor()
        inner.exec_trace = self._describe
        told = inner.execute(self._strength(sql), tuple(values)).fetchall()
        self._rows = iter(told)
        return self._done()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        self._connection.cursor().executemany(sql, (tuple(row) for row in rows)).fetchall()
        return self._done()

    def _describe(self, cursor: apsw.Cursor, *_: Any) -> bool:
        """apsw tells the columns only while a statement runs; its users ask for them later."""
        self.description = [(name, *[None] * 6) for name, _ in cursor.get_description()] or None
        return True

    def _strength(self, sql: str) -> str:
        return sql.replace("synchronous=FULL", "synchronous=NORMAL") if self._weaken else sql

    def _done(self) -> Cursor:
        self.rowcount = self._connection.changes()
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[Any]:
        return list(itertools.islice(self._rows, size))

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def close(self) -> None:
        self._rows = iter(())
