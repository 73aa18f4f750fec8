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
from features.patterns import MEMBERS

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
HEAD_SIZE = _HEAD.size
_BIG, _TIMES, _MOMENTS, _WORDS, _DEALS = 3, 4, 5, 6, 7
"""Which part is which; the four of cells come first."""
_PLACES = bytes((*range(HOUR_PLACES + DAY_PLACES), EVER_PLACE))
_NO_TIMES = bytes((NO_TIME,))
_CODES = bytes(range(len(MEMBERS)))
_AMOUNT = struct.Struct("<xxq")
MOST = 2**53
"""Of large amounts together: up to it floats are exact, and windows that add them up agree."""
FAR = MOST >> 8 * (TIME - 1)
"""The highest byte of a time from which on ages in microseconds are no exact floats."""
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
    """The head, and the sections with the texts behind them. BlobError for anything else, also
    when an item of a section points to where nothing is.
    """
    head, parts = split_parts(blob)
    _check_cells(parts)
    _check_amounts(parts[_BIG])
    _check_times(head, parts)
    return head, parts


def split_parts(blob: bytes) -> tuple[Head, list[bytes]]:
    """The same, with nothing said of what the sections hold."""
    if len(blob) < _HEAD.size or blob[0] != FORMAT:
        raise _refused(blob)
    head = _HEAD.unpack_from(blob)
    ends = list(accumulate(map(mul, head[3:], SECTIONS), initial=_HEAD.size))
    if ends[-1] > len(blob):
        raise _refused(blob)
    return head, [blob[begin:end] for begin, end in zip(ends, (*ends[1:], None), strict=True)]


def _check_cells(parts: Sequence[bytes]) -> None:
    """What is left of a section without what may be there, may not be there."""
    ones, small, middle, big = parts[: len(WIDTHS)]
    places = ones[::2] + small[::3] + middle[::4] + big[::10]
    codes = ones[1::2] + small[1::3] + middle[1::4] + big[1::10]
    if places.translate(None, _PLACES) or codes.translate(None, _CODES):
        raise no_such_cell()


def _check_amounts(big: bytes) -> None:
    if big and sum(abs(amount) for (amount,) in _AMOUNT.iter_unpack(big)) >= MOST:
        raise too_much()


def _check_times(head: Head, parts: list[bytes]) -> None:
    used = parts[_MOMENTS][1::2] + parts[_WORDS][1::2]
    deals = parts[_DEALS]
    if deals:
        used += (deals[4 :: DEAL.size] + deals[5 :: DEAL.size]).replace(_NO_TIMES, b"")
    if used and max(used) >= head[3 + _TIMES]:
        raise no_such_time()
    if max(parts[_TIMES][TIME - 1 :: TIME], default=0) >= FAR:
        raise too_far()


def no_such_cell() -> BlobError:
    return BlobError("a sum of these tiles is of no hour, no day or of nothing")


def too_much() -> BlobError:
    return BlobError("the sums of these tiles are beyond all measure")


def too_far() -> BlobError:
    return BlobError("a time of these tiles lies beyond the year 2255")


def no_such_time() -> BlobError:
    return BlobError("these tiles point to a time that they do not hold")


def read_texts(part: bytes, words: bytes) -> list[str]:
    """Those of the words first, then what is said of people. BlobError when they are none, or too
    few for the words.
    """
    try:
        texts = _decode_texts(part) if part else []
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BlobError(f"the texts of these tiles cannot be read: {problem}") from problem
    if len(words) > 2 * len(texts):
        raise BlobError(f"these tiles have {len(texts)} texts for {len(words) // 2} words")
    return texts


def texts_of(parts: Sequence[bytes]) -> list[list[str]]:
    """The texts of many blobs, whoever they are for. BlobError as above."""
    try:
        return [_decode_texts(part) if part else [] for part in parts]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [read_texts(part, b"") for part in parts]  # says what is wrong


def read_people(part: bytes, texts: list[str]) -> list[tuple[int, int, str | None, str | None]]:
    """Key, hours before the newest, role, seniority. BlobError when what is said of them is not
    among the texts.
    """
    try:
        return [
            (
                key,
                back,
                None if role == NO_TEXT else texts[role],
                None if seniority == NO_TEXT else texts[seniority],
            )
            for key, back, role, seniority in PERSON.iter_unpack(part)
        ]
    except IndexError as problem:
        raise BlobError("these tiles say of people what their texts do not hold") from problem


def _refused(blob: bytes) -> BlobError:
    told = f"format {blob[0]}" if blob else "nothing"
    return BlobError(
        f"{len(blob)} bytes are no tiles: {told}, where this version reads format {FORMAT}",
        do="did a newer Leadline write them? Run that one; Redis is filled anew by "
        "`leadline features rebuild-online`",
    )
