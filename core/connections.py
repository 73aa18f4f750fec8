"""How to reach an installation's stores: the server that the settings name, else the embedded one.

SQLAlchemy and redis are imported on use: help and usage errors need neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.errors import StartError

if TYPE_CHECKING:
    import redis
    import sqlalchemy as sa

    from core.installation import Installation
    from core.settings import Settings


class Address(msgspec.Struct, frozen=True):
    """Where the embedded server listens; with its password, so the file is its owner's alone."""

    url: str


def address_file(installation: Installation) -> Path:
    return installation.run / "redis.json"


def redis_url(installation: Installation, settings: Settings) -> str:
    """A URL with credentials: never print it. StartError when there is neither server."""
    if settings.redis.url is not None:
        return settings.redis.url.get_secret_value()
    try:
        return msgspec.json.decode(address_file(installation).read_bytes(), type=Address).url
    except (OSError, msgspec.MsgspecError) as problem:
        raise StartError(
            f"no online store: the embedded server is not running in {installation.root}",
            do="start it with `leadline up`, or name a server as redis.url in the settings",
        ) from problem


def connect_redis(url: str, timeout_s: float) -> redis.Redis:
    """A lazy client that answers or fails within `timeout_s` a step: retries are the caller's word.

    Opens nothing yet; `redis.RedisError` comes from the first command. Replies are bytes.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client: redis.Redis = redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
    )
    return client


def connect_record(installation: Installation, settings: Settings) -> sa.Engine:
    """The record, made when it is missing. StartError says what stands in the way."""
    from core.database import open_record

    url = settings.record.url
    return open_record(url.get_secret_value() if url else installation.record_db)


def existing_record(installation: Installation, settings: Settings) -> sa.Engine:
    """The record of an installation that was started before; StartError if it never was.

    A command that only looks must not leave an empty installation behind a mistyped folder.
    """
    if settings.record.url is None and not installation.exists():
        raise StartError(
            f"no installation in {installation.root}",
            do="start one there with `leadline up`, or name another folder with --data",
        )
    return connect_record(installation, settings)
