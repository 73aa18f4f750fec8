"""The online store: the newest tiles of each entity, in Redis, byte for byte as Feast keeps them.

Feast's own write path checks and converts row by row; this one writes the same bytes in one
pipeline, in the order of the log (tests hold it equal to `get_online_features`). It is a cache in
nature: the record can always fill it again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import mmh3
import redis

from core.clock import DAY, SECOND
from core.connections import ask
from features.definitions import Entity
from features.names import KEYS, PROJECT, VALUE, VIEWS
from features.record import TileRow

_STRING = 2  # feast.types.ValueType.STRING
_MARK = b"leadline:filled:2"
"""The offset up to which every event's rows are written, as this server itself remembers it."""

WATERMARK = b"leadline:watermark:2"
"""The `recorded_at` up to which every event's rows are written; missing while that is not so. The
number is that of what stands beside the tiles: a store of an earlier one is filled anew.
"""

_MOST = 2**63 - 1
"""Moments and offsets are numbers of 64 bits."""

RECORDED = b"at"
"""A row's `recorded_at`, where its stamp is another: history. Feast passes over this field. A live
row does not clear it, for its own stamp is later. Short: it is kept for every lead."""

BESIDE = b"f"
"""Of a lead: what scores need to know of it besides its tiles. Bytes that are not read here."""

_SET_BESIDE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '' then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""
"""A lead that has expired, or was absorbed, must not come back without tiles, and for ever."""


def _field_of(entity: Entity) -> bytes:
    name = f"{VIEWS[entity]}:{VALUE}"
    return struct.pack("<I", mmh3.hash(name, signed=False))


def _key_head(entity: Entity) -> bytes:
    name = KEYS[entity].encode()
    return struct.pack("<III", 1, _STRING, len(name)) + name


FIELD = {entity: _field_of(entity) for entity in Entity}
STAMP = {entity: f"_ts:{VIEWS[entity]}".encode() for entity in Entity}
_HEAD = {entity: _key_head(entity) for entity in Entity}
_TAIL = PROJECT.encode()


def key_of(entity: Entity, entity_id: str) -> bytes:
    """Feast's key (serialisation version 3) of one entity."""
    told = entity_id.encode()
    return _HEAD[entity] + struct.pack("<II", _STRING, len(told)) + told + _TAIL


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def value_of(blob: bytes) -> bytes:
    """A `feast.types.Value` with `bytes_val` (field 1, length-delimited), as protobuf writes it."""
    return b"\x0a" + _varint(len(blob)) + blob


def blob_of(value: bytes) -> bytes:
    """The inverse of `value_of`."""
    at = 1
    while value[at] > 0x7F:
        at += 1
    return value[at + 1 :]


def _stamp(known_at: int) -> bytes:
    """A `google.protobuf.Timestamp`: seconds (field 1) and nanoseconds (field 2)."""
    seconds, micros = divmod(known_at, SECOND)
    told = b"\x08" + _varint(seconds)
    return told + (b"\x10" + _varint(micros * 1000) if micros else b"")


UNREADABLE = b"\xff"
"""Stands for tiles that the server holds and cannot tell: no way of reading takes it for tiles."""

BlobPair = tuple[bytes | None, bytes | None]
"""The tiles of a lead and of its account, None where the store holds none."""


class Held(NamedTuple):
    """What the store holds of pairs, in order; `beside` is of the leads, None where nothing is."""

    blobs: list[BlobPair]
    beside: list[bytes | None]


class OnlineStore:
    """Every method raises `redis.RedisError` when the server cannot be reached in time. A row that
    it holds and that is none of ours is read as `UNREADABLE`.
    """

    def __init__(self, client: redis.Redis, expire_days: int | None = None) -> None:
        """With `expire_days` an entity leaves Redis so long after its newest row was known; the
        record keeps it, and a score that asks for it falls back to that.
        """
        self._client = client
        self._expire_s = None if expire_days is None else expire_days * DAY // SECOND

    def write(self, rows: Iterable[TileRow], beside: Mapping[str, bytes] | None = None) -> None:
        """The newest row of each entity stands; an empty one deletes (absorbed by another).

        `beside` tells of leads what is to stand beside their tiles, no bytes where nothing is. It
        comes with the row where there is one: nobody sees the one without the other.
        """
        newest = {(row.entity, row.id): row for row in rows}
        left = dict(beside or {})
        with self._client.pipeline(transaction=False) as pipe:
            for (entity, entity_id), row in newest.items():
                key = key_of(entity, entity_id)
                if not row.blob:
                    pipe.delete(key)
                    continue
                told = [FIELD[entity], value_of(row.blob), STAMP[entity], _stamp(row.known_at)]
                if row.created != row.known_at:
                    told += [RECORDED, str(row.created).encode()]
                if entity is Entity.LEAD and left.get(entity_id):
                    told += [BESIDE, left.pop(entity_id)]
                pipe.execute_command("HSET", key, *told)
                if self._expire_s is not None:
                    pipe.expireat(key, row.known_at // SECOND + self._expire_s)
            for lead_id, bytes_ in left.items():
                place = key_of(Entity.LEAD, lead_id)
                pipe.execute_command("EVAL", _SET_BESIDE, 1, place, BESIDE, bytes_)
            pipe.execute()

    def read(self, pairs: Sequence[tuple[str, str | None]]) -> list[BlobPair]:
        """(lead, account or none) → their tiles. One round trip, in which an account that several
        leads share is asked for once.
        """
        return self.look(pairs).blobs

    def look(self, pairs: Sequence[tuple[str, str | None]]) -> Held:
        """The same, with what stands beside the leads' tiles."""
        accounts = dict.fromkeys(account_id for _, account_id in pairs if account_id)
        of_lead = (FIELD[Entity.LEAD], BESIDE)
        asked: list[tuple[str | bytes, ...]] = [
            ("HMGET", key_of(Entity.LEAD, lead_id), *of_lead) for lead_id, _ in pairs
        ]
        of_account = FIELD[Entity.ACCOUNT]
        asked += [("HGET", key_of(Entity.ACCOUNT, one), of_account) for one in accounts]
        replies = ask(self._client, asked, refusals=True)
        found: dict[str | None, bytes | None] = {
            account_id: stored_blob(reply)
            for account_id, reply in zip(accounts, replies[len(pairs) :], strict=True)
        }
        leads = [
            (UNREADABLE, None) if isinstance(one, Exception) else one
            for one in replies[: len(pairs)]
        ]
        told = zip(pairs, leads, strict=True)
        blobs = [(stored_blob(lead[0]), found.get(account_id)) for (_, account_id), lead in told]
        return Held(blobs, [beside for _, beside in leads])

    def set_watermark(self, recorded_at: int | None) -> None:
        """After the rows of all events recorded by then; None before rows are written in bulk."""
        if recorded_at is None:
            self._client.delete(WATERMARK)
        else:
            self._client.set(WATERMARK, str(recorded_at).encode())

    def watermark(self) -> int | None:
        return read_number(self._client, WATERMARK)

    def filled_to(self) -> int | None:
        """The event up to which every row is written here. A server that came back from a snapshot
        says what it held then; None when it came back empty: then all rows are due.
        """
        return read_number(self._client, _MARK)

    def is_filled(self) -> bool:
        return self.filled_to() is not None

    def mark_filled(self, offset: int) -> None:
        """After the rows of all events up to this one."""
        self._client.set(_MARK, str(offset).encode())

    def unmark(self) -> None:
        self._client.delete(_MARK)


def read_number(client: redis.Redis, name: bytes) -> int | None:
    """What stands under a name of ours; None for nothing, and for what is no such number: somebody
    else wrote it. Raises redis.RedisError when the server cannot be reached in time.
    """
    try:
        told: Any = client.get(name)
        number = -1 if told is None else int(told)
    except (redis.ResponseError, ValueError):
        return None
    return number if 0 <= number <= _MOST else None


def stored_blob(value: bytes | Exception | None) -> bytes | None:
    """None where nothing is stored, `UNREADABLE` for what is none of ours."""
    if not value:
        return None
    try:
        return UNREADABLE if isinstance(value, Exception) else blob_of(value)
    except IndexError:
        return UNREADABLE
