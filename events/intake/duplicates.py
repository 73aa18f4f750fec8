"""The same message once: pixel and server, or a retry, may send it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeGuard

import sqlalchemy as sa

from core.database import chunks, metadata, upsert
from events.types import Duplicate, Event, FailedEvent

SEEN = sa.Table(
    "seen_message",
    metadata,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def drop_duplicates(
    connection: sa.Connection, accepted: Sequence[Event | FailedEvent]
) -> tuple[list[Event | FailedEvent | Duplicate], dict[bytes, int]]:
    """Later copies become `Duplicate`. Also the keys to save with the batch (`save_seen`).

    A failed event is not remembered: its repaired copy carries the same message id. An event that
    nobody named has no copies, and no sender can take its place by guessing its number.
    """
    keys = [_key(one.message_id) if _is_named(one) else b"" for one in accepted]
    seen = _already(connection, [key for key in keys if key])
    fresh: dict[bytes, int] = {}
    results: list[Event | FailedEvent | Duplicate] = []
    for key, one in zip(keys, accepted, strict=True):
        if isinstance(one, FailedEvent) or not key:
            results.append(one)
        elif key in seen or key in fresh:
            results.append(Duplicate(offset=one.offset, message_id=one.message_id))
        else:
            fresh[key] = one.offset
            results.append(one)
    return results, fresh


def seen_messages(connection: sa.Connection, message_ids: Sequence[str]) -> set[str]:
    """Those of these ids whose message was taken already."""
    keys = {_key(one): one for one in message_ids}
    return {keys[key] for key in _already(connection, list(keys))}


def save_seen(connection: sa.Connection, fresh: dict[bytes, int]) -> None:
    upsert(SEEN, connection, [{"key": key, "offset": at} for key, at in fresh.items()])


def _already(connection: sa.Connection, keys: list[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for some in chunks(keys):
        found.update(
            connection.execute(sa.select(SEEN.c.key).where(SEEN.c.key.in_(some))).scalars()
        )
    return found


def _is_named(one: Event | FailedEvent) -> TypeGuard[Event]:
    return isinstance(one, Event) and one.named


def _key(message_id: str) -> bytes:
    return hashlib.blake2b(message_id.encode(), digest_size=16).digest()
