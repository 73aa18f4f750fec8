"""The sums of an hour or a day as cells: of fixed width, so that arrays are made of many entities'.

A cell says where (`place`, a byte for the hour or day), what (`code`: a measure or a pattern of
measures) and how much. Most amounts are 1, so cells come in four widths, by how much room the
amount takes: none for 1, one byte, two bytes, eight.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import repeat
from typing import NamedTuple

from features.measures import PEAKS
from features.patterns import BY_FIRST, MEMBERS

Sums = dict[int, int]
"""Measure number → amount."""
Coded = list[tuple[int, int]]
"""Sums as they are written: (code, amount)."""

WIDTHS = (2, 3, 4, 10)
"""Bytes of a cell of each kind: place, code, and an amount of 0, 1, 2 or 8 bytes."""


class Cells(NamedTuple):
    """Cells by the width of their amounts."""

    ones: bytes = b""
    small: bytes = b""
    middle: bytes = b""
    big: bytes = b""


_NO_CELLS = Cells()
_MIDDLE = struct.Struct("<BBH")
_BIG = struct.Struct("<BBq")
_MOST_SMALL, _MOST_MIDDLE = 0xFF, 0xFFFF


def write_cells(place: int, sums: Mapping[int, int]) -> Cells:
    """`place` 0–255; measures' numbers 1–127, amounts of 64 bits. Equal sums give equal bytes."""
    return write_coded(place, coded(sums))


def write_each(place: int, sums: Mapping[int, int]) -> Cells:
    """The same without patterns, where few sums are alike: faster."""
    return write_coded(place, [pair for pair in sorted(sums.items()) if pair[1]])


def write_coded(place: int, coded: Coded) -> Cells:
    """Of sums that are coded already."""
    ones: list[int] = []
    small: list[int] = []
    middle = big = b""
    for code, amount in coded:
        if amount == 1:
            ones += (place, code)
        elif 0 < amount <= _MOST_SMALL:
            small += (place, code, amount)
        elif 0 < amount <= _MOST_MIDDLE:
            middle += _MIDDLE.pack(place, code, amount)
        else:
            big += _BIG.pack(place, code, amount)
    return Cells(bytes(ones), bytes(small), middle, big)


def coded(sums: Mapping[int, int]) -> Coded:
    """(code, amount) pairs that make these sums: patterns as far as they go, then what is left."""
    left = dict(sums)
    told: Coded = []
    for number in sorted(left.keys() & BY_FIRST.keys(), reverse=True):
        for code, others, peak in BY_FIRST[number]:
            first = amount = left[number]
            if not first:
                break
            for other in others:
                held = left.get(other, 0)
                if held < amount or (peak and held != first):
                    amount = 0 if peak else held
            if amount > 0:
                told.append((code, amount))
                left[number] = first - amount
                for other in others:
                    left[other] -= amount
    return told + [(number, left[number]) for number in sorted(left) if left[number]]


def all_cells(cells: Cells) -> list[tuple[int, int, int]]:
    """(place, code, amount) of each."""
    ones, small, middle, big = cells
    told = [
        *zip(ones[::2], ones[1::2], repeat(1), strict=False),
        *zip(small[::3], small[1::3], small[2::3], strict=True),
    ]
    return [*told, *_MIDDLE.iter_unpack(middle), *_BIG.iter_unpack(big)]


def read_cells(cells: Cells) -> Sums:
    """The inverse of `write_cells`."""
    sums: Sums = {}
    for _, code, amount in all_cells(cells):
        for number in MEMBERS[code]:
            sums[number] = sums.get(number, 0) + amount
    return sums


def by_place(cells: Cells) -> dict[int, Cells]:
    """Cells of many places, those of one place together, → the cells of each."""
    found: dict[int, list[bytes]] = {}
    for kind, (width, told) in enumerate(zip(WIDTHS, cells, strict=True)):
        places, at = told[::width], 0
        while at < len(told):
            end = at + width * places.count(told[at])
            found.setdefault(told[at], [b""] * len(WIDTHS))[kind] = told[at:end]
            at = end
    return {place: Cells(*told) for place, told in found.items()}


def add(here: Sums, there: Mapping[int, int]) -> None:
    """Takes up another slot's amounts: sums are added, of peaks the higher or lower stands."""
    for number, amount in there.items():
        if number not in here:
            here[number] = amount
        elif number in PEAKS:
            here[number] = PEAKS[number](amount, here[number])
        else:
            here[number] += amount
