"""Tiles of many entities as arrays: what `features.windows` makes columns of values from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.blob import (
    DAY_PLACES,
    EVER_PLACE,
    FAR,
    HOUR_PLACES,
    MOST,
    NO_TIME,
    TIME,
    no_such_cell,
    no_such_time,
    too_far,
    too_much,
)
from features.cells import WIDTHS
from features.packed import Bytes, Ints, Items, Packed
from features.patterns import MEMBERS
from features.texts import Texts

_BIG = len(WIDTHS) - 1
_TIMES, _MOMENTS, _WORDS, _DEALS, _SESSIONS, _PEOPLE = range(len(WIDTHS), len(WIDTHS) + 6)
"""Which section is which."""
_PLACE, _CODE, _AMOUNT = range(3)
_OF, _TIME = range(2)
_OPENED, _CLOSED, _VALUE = 4, 5, 6
_BACK = 4
"""Where the parts of an item stand: of a cell, a moment, a deal, and of what was seen."""
_KINDS = ("u1", "<u2", "<i8")
"""Of the amounts that are written."""


class Cells(NamedTuple):
    """Sums as they are written: of which entity, which hour or day, what and how much."""

    row: Ints
    place: Bytes
    code: Bytes
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
        self._packed = Packed(blobs)
        self.size = len(blobs)
        self.newest: Ints = self._packed.newest
        """The hour that places are counted from."""
        self.capped: list[int] = self._packed.capped
        self._all_times = _times_of(self._packed.items(_TIMES))
        self._times_held = self._packed.counts[_TIMES]
        self._first_time = np.cumsum(self._times_held) - self._times_held
        self._deals = self._packed.items(_DEALS)
        self._people = self._packed.items(_PEOPLE)
        self.texts = Texts(self._word_items(), self._people, self._packed.texts())

    def cells(self) -> Cells:
        some = [self._packed.items(at) for at in range(len(WIDTHS))]
        place, code = (
            np.concatenate([one.byte(offset) for one in some]) for offset in (_PLACE, _CODE)
        )
        if np.any(_NO_PLACE[place]) or np.any(code >= len(MEMBERS)):
            raise no_such_cell()
        ones = np.ones(len(some[0].row), np.int64)
        told = [one.number(_AMOUNT, kind) for one, kind in zip(some[1:], _KINDS, strict=True)]
        _check_amounts(some[_BIG].row, told[-1])
        row = np.concatenate([one.row for one in some])
        return Cells(row, place, code, np.concatenate([ones, *told]))

    def moments(self, column: Ints, width: int) -> Ints:
        """Times in microseconds, `width` × rows; -1 where there is none. `column` says of each of
        256 codes where it stands; at `width`, what nobody asks for.
        """
        items = self._packed.items(_MOMENTS)
        found = np.full((width + 1, self.size), -1)
        found[column[items.byte(_OF)], items.row] = self._times(items, _TIME)
        return found[:width]

    def deals(self) -> Deals:
        opened, closed = (
            self._times(self._deals, offset, may_be_none=True) for offset in (_OPENED, _CLOSED)
        )
        return Deals(self._deals.row, opened, closed, self._deals.number(_VALUE, "<f8"))

    def sessions(self) -> Seen:
        return self._seen(self._packed.items(_SESSIONS))

    def active(self) -> Seen:
        """In the order of what `texts` says of them."""
        return self._seen(self._people)

    def _seen(self, items: Items) -> Seen:
        return Seen(items.row, self.newest[items.row] - items.number(_BACK, "<u2"))

    def _word_items(self) -> Items:
        items = self._packed.items(_WORDS)
        self._times(items, _TIME)
        return items

    def _times(self, items: Items, offset: int, *, may_be_none: bool = False) -> Ints:
        """The times that items point to, -1 where they point to none."""
        at = items.byte(offset)
        none = (at == NO_TIME) if may_be_none else np.zeros(len(at), np.bool_)
        if np.any((at >= self._times_held[items.row]) & ~none):
            raise no_such_time()
        times: Ints = self._all_times[self._first_time[items.row] + np.where(none, 0, at)]
        return np.where(none, -1, times)


_NO_PLACE = np.array(
    [not (place < HOUR_PLACES + DAY_PLACES or place == EVER_PLACE) for place in range(256)]
)


def _times_of(items: Items) -> Ints:
    """In microseconds, and one more, for items that point to none."""
    whole = np.zeros((len(items.at) + 1, 8), np.uint8)
    whole[:-1, :TIME] = items.bytes_of(0, TIME)
    if np.any(whole[:, TIME - 1] >= FAR):
        raise too_far()
    times: Ints = whole.view("<i8")[:, 0]
    return times


def _check_amounts(row: Ints, big: Ints) -> None:
    """Of each row: floats are exact up to what is too much."""
    if len(row) and np.bincount(row, np.abs(big.astype(np.float64))).max() >= MOST:
        raise too_much()
