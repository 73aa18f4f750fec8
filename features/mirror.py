"""A copy of the lake's feature rows in PostgreSQL, for Feast's offline store there.

The lake stays what it is: the worker's files, real by the record's word. A listed file is noted as
not copied in the same transaction; it is copied after the commit and its note taken away after the
copy. So a crash anywhere, or a server that was away, costs copies made twice, which change nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from core.database import reading, writing
from core.settings import Postgres
from features.lake_files import place_of
from features.names import CREATED, KEYS, KNOWN_AT, VALUE, VIEWS
from features.uncopied import begin, copied, uncopied

if TYPE_CHECKING:
    import psycopg

KEY_OF = {view: KEYS[entity] for entity, view in VIEWS.items()}
"""The tables, named as Feast's views, and their entities' columns."""
CONNECT_S = 5
TRY_AGAIN_S = 30.0

_TABLE = """
CREATE TABLE IF NOT EXISTS {view} (
    {key} text COLLATE "C" NOT NULL, {value} bytea NOT NULL,
    {known_at} timestamptz NOT NULL, {created} timestamptz NOT NULL,
    PRIMARY KEY ({key}, {known_at}, {created})
)
"""
_DRAFT = "CREATE TEMP TABLE draft (LIKE {view}) ON COMMIT DROP"
_COPY = "COPY draft ({key}, {value}, {known_at}, {created}) FROM STDIN (FORMAT BINARY)"
_TAKE = "INSERT INTO {view} SELECT * FROM draft ON CONFLICT DO NOTHING"
_FORGET = "DELETE FROM {view} WHERE {key} = ANY(%s)"

_log = logging.getLogger(__name__)


class Mirror:
    """Raises `psycopg.Error` when the server cannot be reached, except from `catch_up`."""

    def __init__(self, lake: Path, engine: sa.Engine, settings: Postgres) -> None:
        self._lake = lake
        self._engine = engine
        self._settings = settings
        self._try_at = 0.0

    def prepare(self) -> None:
        """Makes the tables. In an empty database all files of the lake are still to be copied."""
        with self._connected() as server:
            for view in KEY_OF:
                server.execute(_sql(_TABLE, view))
            empty = not any(
                server.execute(_sql("SELECT 1 FROM {view} LIMIT 1", view)).fetchone()
                for view in KEY_OF
            )
        with writing(self._engine) as connection:
            begin(connection, anew=empty)

    def catch_up(self) -> bool:
        """Copies what is noted. False while the server is away: it is asked again after a while."""
        import psycopg

        if time.monotonic() < self._try_at:
            return False
        try:
            with reading(self._engine) as connection:
                paths = uncopied(connection)
            self._copy(paths)
        except psycopg.Error as fault:
            _log.warning("offline store: %s; trying again in %s s", fault, TRY_AGAIN_S)
            self._try_at = time.monotonic() + TRY_AGAIN_S
            return False
        return True

    def forget(self, view: str, ids: Collection[str]) -> None:
        """Removes the rows of these entities."""
        with self._connected() as server:
            server.execute(_sql(_FORGET, view), [sorted(ids)])

    def _copy(self, paths: list[str]) -> None:
        if not paths:
            return
        with self._connected() as server:
            for path in paths:
                with server.transaction():
                    _take(server, path.split("/")[0], place_of(self._lake, path))
        with writing(self._engine) as connection:
            copied(connection, paths)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        import psycopg

        told = self._settings
        with psycopg.connect(
            host=told.host,
            port=told.port,
            dbname=told.database,
            user=told.user,
            password=told.password.get_secret_value(),
            sslmode=told.sslmode,
            sslrootcert=told.sslrootcert_path,
            options=f"-c search_path={told.db_schema}",
            connect_timeout=CONNECT_S,
            autocommit=True,
        ) as server:
            yield server


def _take(server: psycopg.Connection, view: str, place: Path) -> None:
    names = (KEY_OF[view], VALUE, KNOWN_AT, CREATED)
    server.execute(_sql(_DRAFT, view))
    with server.cursor() as cursor, cursor.copy(_sql(_COPY, view)) as copy:
        copy.set_types(["text", "bytea", "timestamptz", "timestamptz"])
        with pq.ParquetFile(place) as file:
            for batch in file.iter_batches(columns=list(names)):
                for row in zip(*(batch[name].to_pylist() for name in names), strict=True):
                    copy.write_row(row)
    server.execute(_sql(_TAKE, view))


def _sql(text: str, view: str) -> Any:
    """Our own names only; nothing of a user's stands in a statement."""
    return text.format(view=view, key=KEY_OF[view], value=VALUE, known_at=KNOWN_AT, created=CREATED)
