"""How to reach the online store: the server that the settings name, else the embedded one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.errors import StartError

if TYPE_CHECKING:
    import redis

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
