"""The lake as the settings have it: with a copy elsewhere, or by itself."""

from __future__ import annotations

import sqlalchemy as sa

from core.database import writing
from core.errors import StartError
from core.installation import Installation
from core.settings import DuckDb, Postgres
from features.lake import Lake
from features.mirror import Mirror
from features.uncopied import end


def open_lake(installation: Installation, engine: sa.Engine, offline: DuckDb | Postgres) -> Lake:
    """The worker's lake. StartError when the copy's server cannot be reached at the start."""
    mirror = open_mirror(installation, engine, offline)
    if mirror is None:
        with writing(engine) as connection:
            end(connection)
    else:
        _prepare(mirror)
    return Lake(installation.lake, mirror)


def open_mirror(
    installation: Installation, engine: sa.Engine, offline: DuckDb | Postgres
) -> Mirror | None:
    if isinstance(offline, Postgres):
        return Mirror(installation.lake, engine, offline)
    return None


def _prepare(mirror: Mirror) -> None:
    try:
        import psycopg
    except ImportError as missing:
        raise StartError(
            f"features.offline names PostgreSQL, and its driver is missing: {missing}",
            do="install the extra: pip install 'leadline[postgres]'",
        ) from missing
    try:
        mirror.prepare()
    except psycopg.Error as problem:
        raise StartError(
            f"cannot use features.offline: {problem}",
            do="start that server, or correct features.offline in the settings",
        ) from problem
