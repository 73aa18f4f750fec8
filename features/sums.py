"""Amounts of every measure in every window, of many entities at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR
from features import windows
from features.blob import EVER_PLACE, HOUR_PLACES
from features.measures import MEASURES, PEAKS
from features.patterns import MEMBERS
from features.sheet import Ints, Sheet
from features.tiles import day_of, hour_of
from features.windows import AGES, DECAY_DAYS, LENGTHS

COLUMN = {measure.number: at for at, measure in enumerate(MEASURES)}
"""Measure's number → its place wherever measures lie side by side."""
_SHORT, _EVERY = len(LENGTHS.short), len(LENGTHS.short) + len(LENGTHS.long)
_WINDOWS = _EVERY + 1
"""All windows, and what is counted for ever."""
_NONE = np.iinfo(np.int64).min


class Sums(NamedTuple):
    amounts: Ints
    """Measures × windows of `LENGTHS` and ever × rows."""
    by_age: dict[int, Ints]
    """Number of a measure that decays → rows × days ago."""


class _Cells(NamedTuple):
    """Those that lie in some window; `flat` is (window, row) as one number."""

    row: Ints
    place: Ints
    slot: Ints
    code: NDArray[np.uint8]
    flat: Ints
    amount: Ints


def window_sums(sheet: Sheet, as_of: Ints, decaying: Sequence[int]) -> Sums:
    """A cell is added to the shortest window that it lies in; a longer window is what it has beyond
    the next shorter one, and that one. `decaying` are numbers of measures.
    """
    cells = _near(sheet, as_of)
    amounts = _amounts(cells, sheet.size)
    _widen(amounts, np.add)
    for number, combine in PEAKS.items():
        sign = -1 if combine is min else 1
        highest = _highest(cells, number, sign, sheet.size)
        amounts[COLUMN[number]] = np.where(highest == _NONE, 0, highest * sign)
    ages = {number: _by_age(cells, number, as_of) for number in decaying}
    return Sums(amounts, ages)


def _near(sheet: Sheet, as_of: Ints) -> _Cells:
    cells = sheet.cells()
    place, newest = cells.place.astype(np.int64), sheet.newest[cells.row]
    hourly = place < HOUR_PLACES
    slot = np.where(hourly, hour_of(place, newest), day_of(place, newest))
    daily = ~hourly & (place != EVER_PLACE)
    window = np.where(place == EVER_PLACE, _EVERY, _WINDOWS)
    for first, lengths, hop, some in (
        (0, LENGTHS.short, HOUR, hourly),
        (_SHORT, LENGTHS.long, DAY, daily),
    ):
        for at, days in reversed(list(enumerate(lengths, first))):
            start = windows.window_start(as_of, days) // hop
            window[some & (slot >= start[cells.row])] = at
    near = np.flatnonzero(window < _WINDOWS)
    row = cells.row[near]
    flat = window[near] * sheet.size + row
    return _Cells(row, place[near], slot[near], cells.code[near], flat, cells.amount[near])


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
    some = np.flatnonzero(_CODES[number][cells.code])
    np.maximum.at(highest.reshape(-1), cells.flat[some], cells.amount[some] * sign)
    _widen(highest, np.maximum)
    return highest


def _by_age(cells: _Cells, number: int, as_of: Ints) -> Ints:
    some = np.flatnonzero(
        _CODES[number][cells.code] & (cells.place >= HOUR_PLACES) & (cells.place != EVER_PLACE)
    )
    start = windows.window_start(as_of, DECAY_DAYS) // DAY
    some = some[cells.slot[some] >= start[cells.row[some]]]
    row = cells.row[some]
    age = np.maximum(as_of[row] // DAY - cells.slot[some], 0)
    amounts = np.zeros((len(as_of), AGES), np.int64)
    np.add.at(amounts.reshape(-1), row * AGES + age, cells.amount[some])
    return amounts


_CODES = {
    number: np.array([number in members for members in MEMBERS])
    for number in {number for members in MEMBERS for number in members}
}
"""Measure's number → which codes tell of it."""
