"""Tiles: the counts of one entity per hour and per day of occurrence. What both stores hold.

A tile row is cumulative: it says all that was known of the entity when it was written. Hours are
kept for windows of up to 2 days, days for up to 90; what is older lives on in `ever`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    read_texts,
    write_parts,
)
from features.cells import Cells, Sums, by_place, read_cells, write_cells

DAY_HOURS = DAY // HOUR
_FARTHEST = 0xFFFF
"""Hours before the newest one; a key that was last seen before that is not written."""
_NO_CELLS = Cells()

Slot = Any
"""An hour or a day since the epoch, or an array of them."""
Rank = tuple[str | None, str | None]
"""Role and seniority, as far as known."""


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
    """Bit set of distincts whose cap was reached: their counts are lower bounds."""
    people: dict[int, Rank] = {}
    """Who an account's active people are."""


def sums_of(slots: dict[int, Cells], slot: int) -> Sums:
    """What an hour or a day counts; a change stands once it is kept."""
    return read_cells(slots.get(slot, _NO_CELLS))


def keep_hour(tiles: Tiles, hour: int, sums: Sums) -> None:
    tiles.hours[hour] = write_cells(hour % HOUR_PLACES, sums)


def keep_day(tiles: Tiles, day: int, sums: Sums) -> None:
    tiles.days[day] = write_cells(HOUR_PLACES + day % DAY_PLACES, sums)


def encode(tiles: Tiles) -> bytes:
    """Hours and days that no window asked at the newest hour or later can reach are left out."""
    newest = _newest(tiles)
    times: dict[int, int] = {}

    def at(moment: int | None) -> int:
        return NO_TIME if moment is None else times.setdefault(moment, len(times))

    moments, words = bytearray(), bytearray()
    for number, moment in tiles.first.items():
        moments += bytes((number, at(moment)))
    for number, moment in tiles.last.items():
        moments += bytes((number + LAST, at(moment)))
    for number, (_, moment) in tiles.words.items():
        words += bytes((number, at(moment)))
    deals = b"".join(
        DEAL.pack(key, at(deal.opened_at), at(deal.closed_at), _number(deal.value))
        for key, deal in tiles.deals.items()
    )
    texts = [word for word, _ in tiles.words.values()]
    sessions = b"".join([SEEN.pack(*one) for one in _near(tiles.sessions, newest)])
    people = _people(tiles, newest, texts) if tiles.active else b""
    told = b"".join([moment.to_bytes(TIME, "little") for moment in times])
    parts: list[bytes | bytearray] = [*_cells(tiles, newest)]
    parts += (told, moments, words, deals, sessions, people)
    return write_parts(tiles.capped, newest, parts, texts)


def _newest(tiles: Tiles) -> int:
    days = max(tiles.days, default=0) * DAY_HOURS
    hours = max(tiles.hours, default=0)
    seen = max(tiles.sessions.values(), default=0)
    return max(days, hours, seen, max(tiles.active.values(), default=0))


def _cells(tiles: Tiles, newest: int) -> list[bytes]:
    today = newest // DAY_HOURS
    hours = [cells for hour, cells in sorted(tiles.hours.items()) if newest - hour < HOUR_PLACES]
    days = [cells for day, cells in sorted(tiles.days.items()) if today - day < DAY_PLACES]
    ever = write_cells(EVER_PLACE, tiles.ever)
    return [b"".join(width) for width in zip(*hours, *days, ever, strict=True)]


def _near(keys: dict[int, int], newest: int) -> list[tuple[int, int]]:
    return [(key, newest - hour) for key, hour in keys.items() if newest - hour <= _FARTHEST]


def _people(tiles: Tiles, newest: int, texts: list[str]) -> bytes:
    """Adds what is said of people to the texts."""
    places = {text: place for place, text in enumerate(texts)}
    people = bytearray()
    for key, back in _near(tiles.active, newest):
        rank = []
        for word in tiles.people.get(key, (None, None)):
            if word is not None and word not in places:
                places[word] = len(texts)
                texts.append(word)
            rank.append(NO_TEXT if word is None else places[word])
        people += PERSON.pack(key, back, *rank)
    return bytes(people)


def _number(value: float | None) -> float:
    return nan if value is None else value


def decode(blob: bytes) -> Tiles:
    """The inverse; no bytes are empty tiles. BlobError on bytes that are no tiles."""
    if not blob:
        return Tiles()
    (_, capped, newest, *_), parts = read_parts(blob)
    told, moments, words, deals, sessions, people, texts = parts[4:]
    times = read_times(told)
    word = read_texts(texts)
    tiles = Tiles(capped=capped)
    _put_cells(tiles, Cells(*parts[:4]), newest)
    for number, time in zip(moments[::2], moments[1::2], strict=True):
        (tiles.last if number >= LAST else tiles.first)[number % LAST] = times[time]
    for place, (number, time) in enumerate(zip(words[::2], words[1::2], strict=True)):
        tiles.words[number] = (word[place], times[time])
    tiles.deals = read_deals(deals, times)
    tiles.sessions = {key: newest - back for key, back in SEEN.iter_unpack(sessions)}
    for key, back, role, seniority in PERSON.iter_unpack(people):
        tiles.active[key] = newest - back
        tiles.people[key] = (
            None if role == NO_TEXT else word[role],
            None if seniority == NO_TEXT else word[seniority],
        )
    return tiles


def read_times(part: bytes) -> list[int]:
    return [int.from_bytes(part[at : at + TIME], "little") for at in range(0, len(part), TIME)]


def read_deals(part: bytes, times: Sequence[int]) -> dict[int, Deal]:
    return {
        key: Deal(
            None if opened == NO_TIME else times[opened],
            None if closed == NO_TIME else times[closed],
            None if isnan(value) else value,
        )
        for key, opened, closed, value in DEAL.iter_unpack(part)
    }


def _put_cells(tiles: Tiles, cells: Cells, newest: int) -> None:
    for place, told in by_place(cells).items():
        if place == EVER_PLACE:
            tiles.ever = read_cells(told)
        elif place < HOUR_PLACES:
            tiles.hours[hour_of(place, newest)] = told
        else:
            tiles.days[day_of(place, newest)] = told


def hour_of(place: Slot, newest: Slot) -> Slot:
    """The hour that a cell's place means. Of numbers, or of arrays of them; `day_of` the same."""
    return newest - (newest - place) % HOUR_PLACES


def day_of(place: Slot, newest: Slot) -> Slot:
    today = newest // DAY_HOURS
    return today - (today - (place - HOUR_PLACES)) % DAY_PLACES


EMPTY = encode(Tiles())
"""Of an entity of which nothing is known."""
