"""Tiles: the counts of one entity per hour and per day of occurrence. What both stores hold.

A tile row is cumulative: it says all that was known of the entity when it was written. Hours are
kept for windows of up to 2 days, days for up to 90; what is older lives on in `ever`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan, nan
from typing import Any

import msgspec

from core.clock import DAY, HOUR
from features.blob import (
    DAY_PLACES,
    DEAL,
    EVER_PLACE,
    HOUR_PLACES,
    LAST,
    NO_TEXT,
    NO_TIME,
    PERSON,
    SEEN,
    TIME,
    read_parts,
    read_people,
    read_texts,
    write_parts,
)
from features.cells import (
    Cells,
    Coded,
    Sums,
    by_place,
    read_cells,
    write_cells,
    write_coded,
    write_each,
)

DAY_HOURS = DAY // HOUR
Rank = tuple[str | None, str | None]
"""Role and seniority, as far as known."""
_FARTHEST = 0xFFFF
"""Hours before the newest one; a key that was last seen before that is not written."""
_NO_CELLS = Cells()
_UNKNOWN: Rank = (None, None)

Slot = Any
"""An hour or a day since the epoch, or an array of them."""


class Deal(msgspec.Struct):
    """One opportunity, as far as known. Times by occurrence; value in the currency it came in."""

    opened_at: int | None = None
    closed_at: int | None = None
    value: float | None = None


class Tiles(msgspec.Struct):
    hours: dict[int, Cells] = {}
    """Hour since the epoch → its sums as they are written: `sums_of` reads, `keep` changes them."""
    days: dict[int, Cells] = {}
    ever: Sums = {}
    first: dict[int, int] = {}
    """Measure → occurrence of its first event; `last` the same."""
    last: dict[int, int] = {}
    sessions: dict[int, int] = {}
    """Key → hour of its last occurrence: no window asks for more."""
    active: dict[int, int] = {}
    """The same of an account's active people."""
    words: dict[int, tuple[str, int]] = {}
    """Attribute → (word, when it was said)."""
    deals: dict[int, Deal] = {}
    capped: int = 0
    """Bit set of distincts, and deals, whose cap was reached: their counts are lower bounds."""
    people: dict[int, Rank] = {}
    """Who an account's active people are."""


def sums_of(slots: dict[int, Cells], slot: int) -> Sums:
    """What an hour or a day counts; a change stands once it is kept."""
    return read_cells(slots.get(slot, _NO_CELLS))


def keep_hour(tiles: Tiles, hour: int, sums: Sums) -> None:
    tiles.hours = _kept(tiles.hours, hour, write_cells(hour % HOUR_PLACES, sums))


def keep_day(tiles: Tiles, day: int, sums: Sums) -> None:
    tiles.days = _kept(tiles.days, day, write_cells(HOUR_PLACES + day % DAY_PLACES, sums))


def begin_hour(tiles: Tiles, hour: int, coded: Coded) -> None:
    """The first sums of an hour, as `features.cells.coded` gives them; `begin_day` the same."""
    tiles.hours = _kept(tiles.hours, hour, write_coded(hour % HOUR_PLACES, coded))


def begin_day(tiles: Tiles, day: int, coded: Coded) -> None:
    tiles.days = _kept(tiles.days, day, write_coded(HOUR_PLACES + day % DAY_PLACES, coded))


def _kept(slots: dict[int, Cells], slot: int, cells: Cells) -> dict[int, Cells]:
    """Slots stay in order, in whatever order they come: few come late, all are written often."""
    late = bool(slots) and slot not in slots and slot < next(reversed(slots))
    slots[slot] = cells
    return dict(sorted(slots.items())) if late else slots


def encode(tiles: Tiles) -> bytes:
    """Hours and days that no window asked at the newest hour or later can reach are left out."""
    newest = _newest(tiles)
    times: dict[int, int] = {}
    at = times.setdefault
    moments: list[int] = []
    for number, moment in tiles.first.items():
        moments += (number, at(moment, len(times)))
    for number, moment in tiles.last.items():
        moments += (number + LAST, at(moment, len(times)))
    words: list[int] = []
    for number, (_, moment) in tiles.words.items():
        words += (number, at(moment, len(times)))
    deals = _deals(tiles.deals, times) if tiles.deals else b""
    texts = [word for word, _ in tiles.words.values()]
    pack, far = SEEN.pack, newest - _FARTHEST
    sessions = [pack(key, newest - hour) for key, hour in tiles.sessions.items() if hour >= far]
    people = _people(tiles, newest, texts) if tiles.active else b""
    told = b"".join([moment.to_bytes(TIME, "little") for moment in times])
    parts = [*_cells(tiles, newest), told, bytes(moments), bytes(words)]
    parts += (deals, b"".join(sessions), people)
    return write_parts(tiles.capped, newest, parts, texts)


def _newest(tiles: Tiles) -> int:
    days = next(reversed(tiles.days), 0) * DAY_HOURS
    newest = max(days, next(reversed(tiles.hours), 0))
    for keys in (tiles.sessions, tiles.active):
        if keys:
            newest = max(newest, *keys.values())
    return newest


def _cells(tiles: Tiles, newest: int) -> list[bytes]:
    hours = _reached(tiles.hours, newest - HOUR_PLACES)
    days = _reached(tiles.days, newest // DAY_HOURS - DAY_PLACES)
    ever = write_each(EVER_PLACE, tiles.ever)
    return [b"".join(width) for width in zip(*hours, *days, ever, strict=True)]


def _reached(slots: dict[int, Cells], before: int) -> Iterable[Cells]:
    if next(iter(slots), before + 1) > before:
        return slots.values()
    return [cells for slot, cells in slots.items() if slot > before]


def _deals(deals: dict[int, Deal], times: dict[int, int]) -> bytes:
    """Adds their times."""

    def at(moment: int | None) -> int:
        return NO_TIME if moment is None else times.setdefault(moment, len(times))

    return b"".join(
        DEAL.pack(
            key, at(deal.opened_at), at(deal.closed_at), nan if deal.value is None else deal.value
        )
        for key, deal in deals.items()
    )


def _people(tiles: Tiles, newest: int, texts: list[str]) -> bytes:
    """Adds what is said of people to the texts."""
    places: dict[str | None, int] = {text: place for place, text in enumerate(texts)}
    places[None] = NO_TEXT
    people = bytearray()
    for key, hour in tiles.active.items():
        if newest - hour > _FARTHEST:
            continue
        role, seniority = tiles.people.get(key, _UNKNOWN)
        for word in (role, seniority):
            if word is not None and word not in places:
                places[word] = len(texts)
                texts.append(word)
        people += PERSON.pack(key, newest - hour, places[role], places[seniority])
    return bytes(people)


def decode(blob: bytes) -> Tiles:
    """The inverse; no bytes are empty tiles. BlobError on bytes that are no tiles."""
    if not blob:
        return Tiles()
    (_, capped, newest, *_), parts = read_parts(blob)
    told, moments, words, deals, sessions, people, texts = parts[4:]
    times = read_times(told)
    word = read_texts(texts, words)
    tiles = Tiles(capped=capped)
    _put_cells(tiles, Cells(*parts[:4]), newest)
    for number, time in zip(moments[::2], moments[1::2], strict=True):
        (tiles.last if number >= LAST else tiles.first)[number % LAST] = times[time]
    for place, (number, time) in enumerate(zip(words[::2], words[1::2], strict=True)):
        tiles.words[number] = (word[place], times[time])
    tiles.deals = dict(read_deals(deals, times))
    tiles.sessions = {key: newest - back for key, back in SEEN.iter_unpack(sessions)}
    for key, back, role, seniority in read_people(people, word):
        tiles.active[key] = newest - back
        tiles.people[key] = (role, seniority)
    return tiles


def read_times(part: bytes) -> list[int]:
    return [int.from_bytes(part[at : at + TIME], "little") for at in range(0, len(part), TIME)]


def read_deals(part: bytes, times: Sequence[int]) -> list[tuple[int, Deal]]:
    return [
        (
            key,
            Deal(
                None if opened == NO_TIME else times[opened],
                None if closed == NO_TIME else times[closed],
                None if isnan(value) else value,
            ),
        )
        for key, opened, closed, value in DEAL.iter_unpack(part)
    ]


def _put_cells(tiles: Tiles, cells: Cells, newest: int) -> None:
    for place, told in by_place(cells).items():
        if place == EVER_PLACE:
            tiles.ever = read_cells(told)
        elif place < HOUR_PLACES:
            tiles.hours[hour_of(place, newest)] = told
        else:
            tiles.days[day_of(place, newest)] = told
    tiles.hours = dict(sorted(tiles.hours.items()))
    tiles.days = dict(sorted(tiles.days.items()))


def hour_of(place: Slot, newest: Slot) -> Slot:
    """The hour that a cell's place means. Of numbers, or of arrays of them; `day_of` the same."""
    return newest - (newest - place) % HOUR_PLACES


def day_of(place: Slot, newest: Slot) -> Slot:
    today = newest // DAY_HOURS
    return today - (today - (place - HOUR_PLACES)) % DAY_PLACES


EMPTY = encode(Tiles())
"""Of an entity of which nothing is known."""
