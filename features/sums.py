"""Amounts of every measure in every window, of many entities at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR
from features.blob import DAY_PLACES, EVER_PLACE, HOUR_PLACES
from features.definitions import FEATURES, Kind
from features.measures import BY_NAME, MEASURES, PEAKS
from features.packed import Ints
from features.patterns import MEMBERS
from features.sheet import Cells, Sheet
from features.windows import AGES, DECAY_DAYS, LENGTHS

COLUMN = {measure.number: at for at, measure in enumerate(MEASURES)}
"""Measure's number → its place wherever measures lie side by side."""
_DECAYING = sorted({BY_NAME[one.of].number for one in FEATURES if one.kind is Kind.DECAY})
_SHORT, _EVERY = len(LENGTHS.short), len(LENGTHS.short) + len(LENGTHS.long)
_WINDOWS = _EVERY + 1
"""All windows, and what is counted for ever."""
_NONE = np.iinfo(np.int64).min


class Sums(NamedTuple):
    amounts: Ints
    """Measures × windows of `LENGTHS` and ever × rows."""
    by_age: dict[int, Ints]
    """Number of a measure that decays → days ago × rows."""


class _Span:
    """Cells of hours or of days: which places mean them, and which windows move with them."""

    def __init__(self, first: int, places: int, hop: int, lengths: Sequence[int], window: int):
        """`window` is the first of `lengths` (days) among all windows."""
        self.first = first
        self.places = places
        self.hop = hop
        reach = [days * (DAY // hop) for days in lengths]
        self.far = reach[-1] + 1
        """An age from which on a cell lies in none of them."""
        ages = np.arange(self.far + 1)
        self.window_at = (window + np.searchsorted(reach, ages)).astype(np.int8)
        """Age → the shortest window that it lies in. A window of n hops reaches from 0 hops ago to
        that many (`windows.window_start`).
        """


_DAYS = _Span(HOUR_PLACES, DAY_PLACES, DAY, LENGTHS.long, _SHORT)
_HOURS = _Span(0, HOUR_PLACES, HOUR, LENGTHS.short, 0)


class _Some(NamedTuple):
    """Some of the cells: where they are, their entity, how old they are, and their window."""

    at: Ints
    row: Ints
    age: NDArray[np.int16]
    """Whole hours or days before the moment that is asked for, 0 at least."""
    window: NDArray[np.int8]


class _Cells(NamedTuple):
    """Those that lie in some window, those of days first; `flat` is (window, row) as one number."""

    code: NDArray[np.uint8]
    told: NDArray[np.uint8]
    """Which of the measures that are read apart a code tells of: bits of `_APART`."""
    flat: Ints
    amount: Ints
    row: Ints
    """Of those of days only …"""
    age: NDArray[np.int16]
    """… and how many days ago."""


def window_sums(sheet: Sheet, as_of: Ints) -> Sums:
    """A cell is added to the shortest window that it lies in; a longer window is what it has beyond
    the next shorter one, and that one.
    """
    cells = _near(sheet, as_of)
    amounts = _amounts(cells, sheet.size)
    _widen(amounts, np.add)
    for number, combine in PEAKS.items():
        sign = -1 if combine is min else 1
        highest = _highest(cells, number, sign, sheet.size)
        amounts[COLUMN[number]] = np.where(highest == _NONE, 0, highest * sign)
    ages = {number: _by_age(cells, number, sheet.size) for number in _DECAYING}
    return Sums(amounts, ages)


def _near(sheet: Sheet, as_of: Ints) -> _Cells:
    cells = sheet.cells()
    hourly, ever = cells.place < HOUR_PLACES, cells.place == EVER_PLACE
    days = _within(cells, ~(hourly | ever), _DAYS, sheet.newest, as_of)
    hours = _within(cells, hourly, _HOURS, sheet.newest, as_of)
    at = np.concatenate([days.at, hours.at, np.flatnonzero(ever)])
    window = np.full(len(at), _EVERY)
    window[: len(days.at)] = days.window
    window[len(days.at) : len(days.at) + len(hours.at)] = hours.window
    flat = window * sheet.size + cells.row[at]
    code = cells.code[at]
    return _Cells(code, _TOLD[code], flat, cells.amount[at], days.row, days.age)


def _within(
    cells: Cells, which: NDArray[np.bool_], span: _Span, newest_hour: Ints, as_of: Ints
) -> _Some:
    """Of those cells the ones that lie in a window. Small numbers throughout: cells are many, and
    dividing each would take longer than all else (`tiles.hour_of` says what a place means).
    """
    at = np.flatnonzero(which)
    row, newest = cells.row[at], newest_hour // (span.hop // HOUR)
    back = _small(newest % span.places + span.first)[row] - cells.place[at]
    back += (back < 0) * np.int16(span.places)
    since = np.clip(as_of // span.hop - newest, -span.places, span.far)
    age = np.clip(back + _small(since)[row], 0, span.far)
    window = span.window_at[age]
    near = np.flatnonzero(age < span.far)
    return _Some(at[near], row[near], age[near], window[near])


def _small(told: Ints) -> NDArray[np.int16]:
    return told.astype(np.int16)


def _amounts(cells: _Cells, rows: int) -> Ints:
    """What codes say is added up first, and then to each of their measures."""
    present = np.bincount(cells.code, minlength=len(MEMBERS)) > 0
    codes = np.flatnonzero(present)
    at = np.cumsum(present) - 1
    told = np.zeros((len(codes), _WINDOWS * rows), np.int64)
    np.add.at(told.reshape(-1), at[cells.code] * (_WINDOWS * rows) + cells.flat, cells.amount)
    amounts = np.zeros((len(COLUMN), _WINDOWS, rows), np.int64)
    for code, sums in zip(codes.tolist(), told, strict=True):
        for number in MEMBERS[code]:
            if number in COLUMN:
                amounts[COLUMN[number]] += sums.reshape(_WINDOWS, rows)
    return amounts


def _widen(amounts: Ints, combine: np.ufunc) -> None:
    """Windows are the axis before the last."""
    for at in range(1, _EVERY):
        if at != _SHORT:
            combine(amounts[..., at, :], amounts[..., at - 1, :], out=amounts[..., at, :])


def _highest(cells: _Cells, number: int, sign: int, rows: int) -> Ints:
    """Windows × rows: the highest amount of a measure; of one that keeps the lowest, the highest of
    the negated ones. `_NONE` where there is none.
    """
    highest = np.full((_WINDOWS, rows), _NONE)
    some = np.flatnonzero(cells.told & _APART[number])
    np.maximum.at(highest.reshape(-1), cells.flat[some], cells.amount[some] * sign)
    _widen(highest, np.maximum)
    return highest


def _by_age(cells: _Cells, number: int, rows: int) -> Ints:
    some = np.flatnonzero(cells.told[: len(cells.age)] & _APART[number])
    some = some[cells.age[some] <= DECAY_DAYS]
    amounts = np.zeros((AGES, rows), np.int64)
    at = cells.age[some] * np.int64(rows) + cells.row[some]
    np.add.at(amounts.reshape(-1), at, cells.amount[some])
    return amounts


_APART = {number: np.uint8(1 << at) for at, number in enumerate(sorted({*PEAKS, *_DECAYING}))}
"""A bit of each measure whose cells are looked at by themselves."""
_TOLD = np.array(
    [sum(int(_APART.get(number, 0)) for number in set(members)) for members in MEMBERS], np.uint8
)
