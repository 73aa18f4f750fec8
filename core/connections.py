"""How to reach an installation's stores: the server that the settings name, else the embedded one.

SQLAlchemy and redis are imported on use: help and usage errors need neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import StartError

if TYPE_CHECKING:
    import redis
    import sqlalchemy as sa

    from core.installation import Installation
    from core.settings import Settings

_CLUSTER = "+cluster"


class Address(msgspec.Struct, frozen=True):
    """Where the embedded server listens; with its password, so the file is its owner's alone."""

    url: str


def address_file(installation: Installation) -> Path:
    return installation.run / "redis.json"


def redis_url(installation: Installation, settings: Settings) -> str:
    """A URL with credentials: never print it. StartError when there is neither server."""
    if settings.redis.url is not None:
        url = settings.redis.url.get_secret_value()
        return cluster_url(url) if settings.redis.cluster else url
    try:
        return msgspec.json.decode(address_file(installation).read_bytes(), type=Address).url
    except (OSError, msgspec.MsgspecError) as problem:
        raise StartError(
            f"no online store: the embedded server is not running in {installation.root}",
            do="start it with `leadline up`, or name a server as redis.url in the settings",
        ) from problem


def cluster_url(url: str) -> str:
    """`rediss://host:port` → `rediss+cluster://host:port`: whoever connects needs the URL alone."""
    scheme, _, rest = url.partition("://")
    return url if is_cluster(url) else f"{scheme}{_CLUSTER}://{rest}"


def is_cluster(url: str) -> bool:
    return url.partition("://")[0].endswith(_CLUSTER)


def connect_redis(url: str, timeout_s: float) -> redis.Redis:
    """A client that answers or fails within `timeout_s` a step: retries are the caller's word.

    Opens nothing yet; `redis.RedisError` comes from the first command. Replies are bytes. Only a
    cluster is asked at once for its nodes (so it may raise here), and asked again once when a slot
    has moved.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    cluster = is_cluster(url)
    kind: Any = redis.RedisCluster if cluster else redis.Redis
    client: redis.Redis = kind.from_url(
        url.replace(_CLUSTER, "", 1),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1 if cluster else 0),
        decode_responses=False,
    )
    return client


def ask(
    client: redis.Redis, commands: Sequence[Sequence[str | bytes]], *, refusals: bool = False
) -> list[Any]:
    """The replies to commands on any keys, in order, in one round trip: what a pipeline does, at
    half its cost. Raises the first error that is among the replies; with `refusals` those of single
    commands (`redis.ResponseError`) stand in their places, as values.
    """
    from redis.exceptions import ResponseError

    replies = _asked(client, commands)
    for reply in replies:
        if isinstance(reply, Exception) and not (refusals and isinstance(reply, ResponseError)):
            raise reply
    return replies


def _asked(client: redis.Redis, commands: Sequence[Sequence[str | bytes]]) -> list[Any]:
    if hasattr(client, "nodes_manager"):  # a cluster's keys live on several nodes
        with client.pipeline() as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return list(pipe.execute(raise_on_error=False))
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        connection.send_packed_command(_packed(commands))
        return _replies(connection, len(commands))
    except BaseException:
        connection.disconnect()  # what is on its way would be taken for the next one's reply
        raise
    finally:
        pool.release(connection)


def _packed(commands: Sequence[Sequence[str | bytes]]) -> list[bytes]:
    """As RESP, in one piece."""
    parts: list[bytes] = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for word in command:
            told = word.encode() if isinstance(word, str) else word
            parts.append(b"$%d\r\n%b\r\n" % (len(told), told))
    return [b"".join(parts)]


def _replies(connection: Any, count: int) -> list[Any]:
    """What has arrived already is taken from the parser's own reader: of a thousand replies nearly
    all have, and the client's way to each of them takes five times as long.
    """
    from redis._parsers.hiredis import NOT_ENOUGH_DATA, _HiredisParser

    if not isinstance(connection._parser, _HiredisParser):
        return [_reply(connection) for _ in range(count)]
    replies: list[Any] = []
    while len(replies) < count:
        replies.append(_reply(connection))  # waits, and knows what to do if nothing comes
        gets = connection._parser._reader.gets
        while len(replies) < count and (one := gets()) is not NOT_ENOUGH_DATA:
            replies.append(one)
    return replies


def _reply(connection: Any) -> Any:
    from redis.exceptions import ResponseError

    try:
        return connection.read_response()
    except ResponseError as error:  # the next one's reply is still to be read
        return error


def connect_record(
    installation: Installation,
    settings: Settings,
    patience_s: float | None = None,
    cache_mib: int | None = None,
) -> sa.Engine:
    """The record, made when it is missing. StartError says what stands in the way.

    With `patience_s` every question fails that is not answered so soon: for whoever can do without.
    `cache_mib` is what a connection keeps of SQLite's pages, where it is to be less than usual.
    """
    from core.database import open_record

    url = settings.record.url
    where = url.get_secret_value() if url else installation.record_db
    return open_record(where, patience_s, cache_mib)


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
