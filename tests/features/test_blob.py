"""The bytes of tiles: nothing is lost on the way, and those of earlier versions are read."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tiles import NOW, random_sums, random_tiles

from core.clock import DAY, HOUR
from features.blob import DAY_PLACES, HOUR_PLACES
from features.cells import read_cells, write_cells
from features.older import renewed
from features.patterns import FIRST_CODE, PATTERNS
from features.tiles import Deal, Tiles, decode, encode, keep_day, keep_hour

SUMS = st.dictionaries(st.integers(1, 127), st.integers(-(2**63), 2**63 - 1))


@settings(max_examples=300)
@given(SUMS, st.integers(0, 255))
def test_any_sums_are_read_as_they_were_written(sums: dict[int, int], place: int) -> None:
    """Patterns save bytes and never change a value, whatever the sums."""
    wanted = {number: amount for number, amount in sums.items() if amount}
    assert read_cells(write_cells(place, sums)) == wanted


@settings(max_examples=300)
@given(st.integers(0, 2**32).map(random.Random))
def test_sums_of_events_are_read_as_they_were_written(dice: random.Random) -> None:
    """Here patterns apply, alone and over each other."""
    sums = random_sums(dice)
    written = write_cells(7, sums)
    assert read_cells(written) == {number: amount for number, amount in sums.items() if amount}
    assert write_cells(7, dict(reversed(sums.items()))) == written


@settings(max_examples=300)
@given(st.integers(0, 2**32).map(random.Random))
def test_tiles_are_read_as_they_were_written(dice: random.Random) -> None:
    """And written again to the same bytes: a worker that restarts changes no row."""
    tiles = random_tiles(dice)
    blob = encode(tiles)
    assert decode(blob) == tiles
    assert encode(decode(blob)) == blob


def test_hours_and_days_that_no_window_reaches_are_left_out() -> None:
    """One byte names a slot: two that share it must never meet."""
    tiles = Tiles()
    hour, day = NOW // HOUR, NOW // DAY
    for back in range(3 * HOUR_PLACES):
        keep_hour(tiles, hour - back, {1: back + 1})
    for back in range(3 * DAY_PLACES):
        keep_day(tiles, day - back, {1: back + 1})
    read = decode(encode(tiles))
    assert read.hours == {hour - back: tiles.hours[hour - back] for back in range(HOUR_PLACES)}
    assert read.days == {day - back: tiles.days[day - back] for back in range(DAY_PLACES)}


def test_patterns_are_those_of_the_format() -> None:
    """Their order is stored: a change here would read old rows wrongly. New ones go to the end."""
    assert (FIRST_CODE, PATTERNS[:3], len(set(PATTERNS))) == (
        128,
        ((70, 4), (72, 71), (40, 30, 21, 19)),
        len(PATTERNS),
    )
    assert len(PATTERNS) <= 128
    assert PATTERNS[-6:] == ((14, 18), (13, 18), (5, 18), (3, 1, 18), (2, 1, 18), (1, 18))


def test_rows_of_the_first_format_are_read() -> None:
    """The lake keeps history for years, in the bytes of its time."""
    old: list[Any] = [
        {NOW // HOUR: {1: 2, 18: 2}}, {NOW // DAY: {1: 2, 18: 2}}, {1: 5}, {60: NOW - DAY},
        {18: NOW}, {1: {77: NOW}, 2: {78: NOW - DAY}}, {3: ("vp", NOW)},
        {9: (NOW - DAY, None, 500.0)}, 2, {78: ("finance", None)},
    ]  # fmt: skip
    blob = msgspec.msgpack.encode(old)
    tiles = Tiles(
        ever={1: 5}, first={60: NOW - DAY}, last={18: NOW}, sessions={77: NOW // HOUR},
        active={78: (NOW - DAY) // HOUR}, words={3: ("vp", NOW)},
        deals={9: Deal(NOW - DAY, None, 500.0)}, capped=2, people={78: ("finance", None)},
    )  # fmt: skip
    keep_hour(tiles, NOW // HOUR, {1: 2, 18: 2})
    keep_day(tiles, NOW // DAY, {1: 2, 18: 2})
    assert decode(renewed(blob)) == tiles
    assert renewed(encode(tiles)) == encode(tiles)
