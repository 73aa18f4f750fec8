"""Why the champion of the registry is not followed: told by who watches, for all to read."""

from __future__ import annotations

import sqlalchemy as sa

from core.database import metadata, upsert

UNFOLLOWED = sa.Table(
    "unfollowed",
    metadata,
    sa.Column("watcher", sa.String(16), primary_key=True),
    sa.Column("told", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
_REGISTRY = "registry"


def tell(connection: sa.Connection, trouble: str, at: int) -> None:
    """What the last look met (microseconds, UTC); empty when it met nothing."""
    upsert(UNFOLLOWED, connection, [{"watcher": _REGISTRY, "told": trouble, "at": at}])


def trouble(connection: sa.Connection) -> str:
    """Empty while all is well, or nobody has looked yet."""
    asked = sa.select(UNFOLLOWED.c.told).where(UNFOLLOWED.c.watcher == _REGISTRY)
    return connection.execute(asked).scalar() or ""
