"""Tiles read from the online store together with the moment up to which they are complete.

Whoever wants to know later whether they were right (features.parity) has to know which row it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import redis

from core.clock import SECOND
from features.definitions import Entity
from features.online import (
    BESIDE,
    FIELD,
    RECORDED,
    STAMP,
    UNREADABLE,
    WATERMARK,
    BlobPair,
    key_of,
    read_number,
    stored_blob,
)


class Mark(NamedTuple):
    """Until when (`recorded_at`) the tiles of a lead and of its account tell everything. None: the
    online store holds no such row, or the lead has no account.
    """

    lead: int | None
    account: int | None


class Marked(NamedTuple):
    """What was read, in order; `marks` is None while the worker fills the store. `beside` is as in
    `features.online.Held`.
    """

    blobs: list[BlobPair]
    marks: list[Mark] | None
    beside: list[bytes | None]


def read_marked(client: redis.Redis, pairs: Sequence[tuple[str, str | None]]) -> Marked:
    """The tiles of (lead, account or none) pairs and their marks.

    The watermark is read before the rows and again after them, each by itself: in a cluster it
    lies on another node than the rows. A row that was written in between is newer than the
    watermark; then the row's own time says how new. Raises redis.RedisError.
    """
    before = read_number(client, WATERMARK)
    with client.pipeline(transaction=False) as pipe:
        for lead_id, account_id in pairs:
            _ask(pipe, Entity.LEAD, lead_id)
            if account_id:
                _ask(pipe, Entity.ACCOUNT, account_id)
        rows = pipe.execute(raise_on_error=False)
    after = read_number(client, WATERMARK)
    replies = iter([_row(one) for one in rows])
    read = [
        (next(replies), next(replies) if account_id else (None, None, None, None))
        for _, account_id in pairs
    ]
    blobs = [(stored_blob(lead[0]), stored_blob(account[0])) for lead, account in read]
    beside = [lead[3] for lead, _ in read]
    if before is None or before != after:
        return Marked(blobs, None, beside)
    marks = [Mark(_mark(lead, before), _mark(account, before)) for lead, account in read]
    return Marked(blobs, marks, beside)


Reply = Sequence[bytes | None]
"""A row's value, its stamp, its `recorded_at` where that differs, and what stands beside it."""


def _ask(pipe: redis.client.Pipeline, entity: Entity, entity_id: str) -> None:
    fields = (FIELD[entity], STAMP[entity], RECORDED, BESIDE)
    pipe.execute_command("HMGET", key_of(entity, entity_id), *fields)


def _row(reply: Reply | Exception) -> Reply:
    """What one row was told to hold; a row that the server refuses holds what cannot be read."""
    if not isinstance(reply, Exception):
        return reply
    if isinstance(reply, redis.ResponseError):
        return UNREADABLE, None, None, None
    raise reply


def _mark(reply: Reply, watermark: int) -> int | None:
    value, stamp, recorded, _ = reply
    if not value or not stamp:
        return None
    try:
        return max(watermark, _known_at(stamp), int(recorded or 0))
    except (IndexError, ValueError):
        return None  # a stamp that is none of ours


def _known_at(stamp: bytes) -> int:
    """The inverse of what `features.online` stamps a row with, in microseconds."""
    seconds, at = _varint(stamp, 1)
    nanoseconds = _varint(stamp, at + 1)[0] if at < len(stamp) else 0
    return seconds * SECOND + nanoseconds // 1_000


def _varint(told: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    number = shift = 0
    while told[at] & 0x80:
        number |= (told[at] & 0x7F) << shift
        shift += 7
        at += 1
    return number | told[at] << shift, at + 1
