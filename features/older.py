"""Tiles as earlier versions wrote them: the lake, the record and Redis may still hold such rows."""

from __future__ import annotations

import struct

import msgspec

from core.clock import HOUR
from features.blob import BlobError
from features.cells import Sums
from features.measures import ACTIVE_PEOPLE, SESSIONS
from features.tiles import Deal, Rank, Tiles, encode, keep_day, keep_hour

_FIRST_FORMAT = 0x9A
"""The first byte of a msgpack array of ten."""


class _OldDeal(msgspec.Struct, array_like=True):
    opened_at: int | None = None
    closed_at: int | None = None
    value: float | None = None


class _OldTiles(msgspec.Struct, array_like=True):
    """Format 0: everything in msgpack, distincts with microseconds."""

    hours: dict[int, Sums]
    days: dict[int, Sums]
    ever: Sums
    first: dict[int, int]
    last: dict[int, int]
    seen: dict[int, dict[int, int]]
    words: dict[int, tuple[str, int]]
    deals: dict[int, _OldDeal]
    capped: int
    people: dict[int, Rank]


_decode = msgspec.msgpack.Decoder(_OldTiles).decode


def renewed(blob: bytes) -> bytes:
    """The same tiles in today's format; unchanged if they are. BlobError if they are no tiles."""
    if not blob or blob[0] != _FIRST_FORMAT:
        return blob
    try:
        return encode(_renewed(_decode(blob)))
    except (msgspec.MsgspecError, ValueError, OverflowError, struct.error) as problem:
        raise BlobError(f"these tiles cannot be read: {problem}") from problem


def _renewed(old: _OldTiles) -> Tiles:
    tiles = Tiles(
        ever=old.ever,
        first=old.first,
        last=old.last,
        words=old.words,
        capped=old.capped,
        people=old.people,
        deals={
            key: Deal(deal.opened_at, deal.closed_at, deal.value) for key, deal in old.deals.items()
        },
    )
    for hour, sums in old.hours.items():
        keep_hour(tiles, hour, sums)
    for day, sums in old.days.items():
        keep_day(tiles, day, sums)
    for number, keys in ((SESSIONS.number, tiles.sessions), (ACTIVE_PEOPLE.number, tiles.active)):
        keys.update({key: at // HOUR for key, at in old.seen.get(number, {}).items()})
    return tiles
