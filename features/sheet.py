"""Tiles of many entities as arrays: what `features.windows` makes columns of values from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.blob import (
    NO_TIME,
    TIME,
    check_amounts,
    check_cells,
    check_far,
    no_such_time,
    split_parts,
)
from features.cells import WIDTHS
from features.older import renewed
from features.tiles import EMPTY

Ints = NDArray[np.int64]

_CELL = [("place", "u1"), ("code", "u1")]
_CELLS = (
    np.dtype(_CELL),
    *(np.dtype([*_CELL, ("amount", kind)]) for kind in ("u1", "<u2", "<i8")),
)
_MOMENT = np.dtype([("code", "u1"), ("time", "u1")])
_DEAL = np.dtype([("key", "<u4"), ("opened", "u1"), ("closed", "u1"), ("value", "<f8")])
_SEEN = [("key", "<u4"), ("back", "<u2")]
_SESSION = np.dtype(_SEEN)
_PERSON = np.dtype([*_SEEN, ("role", "<u2"), ("seniority", "<u2")])
_BIG = len(WIDTHS) - 1
_TIMES, _MOMENTS, _WORDS, _DEALS, _SESSIONS, _PEOPLE, _TEXTS = range(len(WIDTHS), len(WIDTHS) + 7)
"""Which section is which."""
_POINTING = (
    (_MOMENTS, _MOMENT, ("time",)),
    (_WORDS, _MOMENT, ("time",)),
    (_DEALS, _DEAL, ("opened", "closed")),
)
"""Sections whose items point to times, and by which of their parts. A deal's may point to none."""


class Cells(NamedTuple):
    """Sums as they are written: of which entity, which hour or day, what and how much."""

    row: Ints
    place: NDArray[np.uint8]
    code: NDArray[np.uint8]
    amount: Ints


class Seen(NamedTuple):
    """Keys of a distinct: of which entity, and in which hour last."""

    row: Ints
    hour: Ints


class Deals(NamedTuple):
    """Of which entity; times in microseconds, -1 where unknown; NaN is a value that is unknown."""

    row: Ints
    opened_at: Ints
    closed_at: Ints
    value: NDArray[np.float64]


class Sheet:
    """A row an entity, in the order of `blobs`; None or no bytes are empty tiles.

    BlobError when bytes are no tiles.
    """

    def __init__(self, blobs: Sequence[bytes | None]) -> None:
        read = [split_parts(renewed(blob) if blob else EMPTY) for blob in blobs]
        self.size = len(read)
        heads = np.array([head for head, _ in read], np.int64)
        self.newest: Ints = heads[:, 2]
        """The hour that places are counted from."""
        self.capped: list[int] = [head[1] for head, _ in read]
        self._counts = heads[:, 3:]
        self._parts = list(zip(*(parts for _, parts in read), strict=True))
        self._joined = [b"".join(some) for some in self._parts[:_TEXTS]]
        self._rows = np.arange(self.size)
        self._check()
        self._time = _all_times(self._joined[_TIMES])
        self._begin = np.cumsum(self._counts[:, _TIMES]) - self._counts[:, _TIMES]

    def _check(self) -> None:
        """What `blob.read_parts` asks of each blob."""
        check_cells(self._joined)
        check_far(self._joined[_TIMES])
        for big in filter(None, self._parts[_BIG]):
            check_amounts(big)
        times = self._counts[:, _TIMES]
        for section, dtype, names in _POINTING:
            rows, items = self._section(section, dtype)
            for name in names:
                may_be_none = (section == _DEALS) & (items[name] == NO_TIME)
                if np.any((items[name] >= times[rows]) & ~may_be_none):
                    raise no_such_time()

    def _section(self, at: int, dtype: np.dtype[Any]) -> tuple[Ints, NDArray[Any]]:
        """Rows, and the items of a section."""
        return np.repeat(self._rows, self._counts[:, at]), np.frombuffer(self._joined[at], dtype)

    def cells(self) -> Cells:
        told = [self._section(at, dtype) for at, dtype in enumerate(_CELLS)]
        plain = np.ones(len(told[0][0]), np.int64)
        return Cells(
            np.concatenate([rows for rows, _ in told]),
            np.concatenate([items["place"] for _, items in told]),
            np.concatenate([items["code"] for _, items in told]),
            np.concatenate([plain, *(items["amount"] for _, items in told[1:])]),
        )

    def moments(self, column: Ints, width: int) -> Ints:
        """Times in microseconds, `width` × rows; -1 where there is none. `column` says of each of
        256 codes where it stands; at `width`, what nobody asks for.
        """
        rows, items = self._section(_MOMENTS, _MOMENT)
        found = np.full((width + 1, self.size), -1)
        found[column[items["code"]], rows] = self._times(rows, items["time"])
        return found[:width]

    def deals(self) -> Deals:
        rows, items = self._section(_DEALS, _DEAL)
        opened, closed = (self._times(rows, items[name]) for name in ("opened", "closed"))
        return Deals(rows, opened, closed, items["value"])

    def _times(self, rows: Ints, at: NDArray[np.uint8]) -> Ints:
        """The times that items of these rows point to, -1 where they point to none."""
        none = at == NO_TIME
        times: Ints = self._time[self._begin[rows] + np.where(none, 0, at)]
        return np.where(none, -1, times)

    def sessions(self) -> Seen:
        rows, items = self._section(_SESSIONS, _SESSION)
        return Seen(rows, self.newest[rows] - items["back"])

    def active(self) -> Seen:
        rows, items = self._section(_PEOPLE, _PERSON)
        return Seen(rows, self.newest[rows] - items["back"])

    def raw(self) -> list[tuple[bytes, bytes, bytes]]:
        """Of each row the bytes of its words, people and texts."""
        return list(zip(*(self._parts[at] for at in (_WORDS, _PEOPLE, _TEXTS)), strict=True))


def _all_times(joined: bytes) -> Ints:
    told = np.frombuffer(joined, "u1").reshape(-1, TIME)
    whole = np.zeros((len(told) + 1, 8), "u1")  # one more, for items that point to none
    whole[:-1, :TIME] = told
    times: Ints = whole.view("<i8")[:, 0]
    return times
