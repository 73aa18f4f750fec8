"""Tells cheaply whether anybody has written to the record since it was asked last."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

_UNTOLD_S = 0.05
"""How often a database that cannot say is taken to have changed."""


class Changes:
    """Asked from one thread. On SQLite one question costs a few microseconds: no transaction, no
    lock. Another database is looked at by its readers every 50 ms.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._seen: int | None = None
        self._next = 0.0

    def come(self) -> bool:
        """True at the first question, after a commit of any other connection, and in doubt."""
        if self._engine.dialect.name != "sqlite":
            return self._due()
        try:
            version = self._version()
        except (sqlite3.Error, SQLAlchemyError):
            self.close()
            return True  # its reader meets the trouble, and tells it
        changed, self._seen = version != self._seen, version
        return changed

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None

    def _version(self) -> int:
        """SQLite counts the commits of others for each connection, so it has to stay the same."""
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        cursor = self._connection.cursor()
        try:
            (version,) = cursor.execute("PRAGMA data_version").fetchone()
        finally:
            cursor.close()
        return int(version)

    def _due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _UNTOLD_S
        return True
