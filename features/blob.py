"""Tiles as bytes: the layout of what the record, the lake and Redis hold of one entity.

    head      21 bytes: format, capped distincts, newest hour, how many there are of each below
    cells     the sums of hours, days and ever, in four widths (`features.cells`)
    times     7 bytes each, microseconds: the different ones that the next three point to
    moments   2 bytes each: measure (and 128 for a last time, not a first), time
    words     2 bytes each: attribute, time; their texts come first at the end
    deals     14 bytes each: key, time opened, time closed, value
    sessions  6 bytes each: key, hours before the newest hour
    people    10 bytes each: the same, then role and seniority as places among the texts
    texts     msgpack, an array of strings

All of fixed width and little-endian, so that `features.sheet` reads a thousand entities as a few
arrays. An hour or a day is one byte, what its number leaves when divided: the newest hour tells
which one is meant.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate
from operator import floordiv, mul

import msgspec

from core.errors import WorkError
from features.cells import WIDTHS

FORMAT = 1
HOUR_PLACES = 80
DAY_PLACES = 128
EVER_PLACE = 255
"""Places of cells: 0–79 an hour, 80–207 a day, 255 ever."""
LAST = 128
NO_TIME = 0xFF
NO_TEXT = 0xFFFF
TIME = 7
"""Bytes of a time."""
DEAL = struct.Struct("<IBBd")
SEEN = struct.Struct("<IH")
PERSON = struct.Struct("<IHHH")
SECTIONS = (*WIDTHS, TIME, 2, 2, DEAL.size, SEEN.size, PERSON.size)
"""Bytes of one item of each section, in their order."""

Head = tuple[int, ...]
"""Format, bit set of capped distincts, newest hour since the epoch, then the sections' counts."""

_HEAD = struct.Struct("<BBiHHHHBBBBBH")
_encode_texts = msgspec.msgpack.Encoder().encode
_decode_texts = msgspec.msgpack.Decoder(list[str]).decode


class BlobError(WorkError):
    """Bytes that are no tiles of this version of Leadline."""


def write_parts(
    capped: int, newest: int, parts: Sequence[bytes | bytearray], texts: list[str]
) -> bytes:
    """`parts` are the sections."""
    counts = map(floordiv, map(len, parts), SECTIONS)
    head = _HEAD.pack(FORMAT, capped, newest, *counts)
    return b"".join((head, *parts, _encode_texts(texts) if texts else b""))


def read_parts(blob: bytes) -> tuple[Head, list[bytes]]:
    """The head, and the sections with the texts behind them. BlobError for anything else."""
    if len(blob) < _HEAD.size or blob[0] != FORMAT:
        raise _refused(blob)
    head = _HEAD.unpack_from(blob)
    ends = list(accumulate(map(mul, head[3:], SECTIONS), initial=_HEAD.size))
    if ends[-1] > len(blob):
        raise _refused(blob)
    return head, [blob[begin:end] for begin, end in zip(ends, (*ends[1:], None), strict=True)]


def read_texts(part: bytes) -> list[str]:
    """BlobError when they are none."""
    try:
        return _decode_texts(part) if part else []
    except msgspec.MsgspecError as problem:
        raise BlobError(f"the texts of these tiles cannot be read: {problem}") from problem


def _refused(blob: bytes) -> BlobError:
    told = f"format {blob[0]}" if blob else "nothing"
    return BlobError(
        f"{len(blob)} bytes are no tiles: {told}, where this version reads format {FORMAT}",
        do="did a newer Leadline write them? Run that one; Redis is filled anew by "
        "`leadline features rebuild-online`",
    )
