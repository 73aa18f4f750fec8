"""tiles + as_of → values. The one definition of every feature, for online and offline alike."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from core.clock import DAY, HOUR
from features.definitions import (
    FEATURES,
    HIGH_RANK,
    TREND_DAYS,
    Entity,
    Feature,
    Kind,
)
from features.measures import ACTIVE_PEOPLE, ATTRIBUTES, BY_NAME, DISTINCTS
from features.tiles import Sums, Tiles, add

Value = float | int | str | None
"""A number, a word, or missing."""


class View(msgspec.Struct):
    """One entity's tiles at a moment, with what several features share."""

    tiles: Tiles
    as_of: int
    sums: dict[int, Sums]
    """Window in days (0: ever) → amounts."""
    deals: dict[str, Value]


Reader = Callable[[View], Value]


def windows(tiles: Tiles, as_of: int, entity: Entity) -> dict[str, Value]:
    """All features of one entity at `as_of`, in the order of the table.

    `as_of` is not before the moment the tiles were known: then nothing in them lies after it.
    """
    view = View(tiles, as_of, _window_sums(tiles, as_of), deal_values(tiles, as_of))
    values = dict(_BLANK[entity])
    # Most counts of most leads are zero: those that are not are put in, the others not looked at.
    for days, names in _COUNTED[entity]:
        for number, amount in view.sums[days].items():
            if number in names:
                values[names[number]] = amount
    for name, read in _READERS[entity]:
        values[name] = read(view)
    return values


def window_start(as_of: int, days: int) -> int:
    """Where the window begins: its tail moves in hours up to 2 days, in days beyond."""
    hop = HOUR if days <= 2 else DAY
    return (as_of - days * DAY) // hop * hop


def _window_sums(tiles: Tiles, as_of: int) -> dict[int, Sums]:
    """Window → amounts. A slot is added to the shortest window that it lies in; a longer window is
    what it has beyond the next shorter one, and that one.
    """
    totals: dict[int, Sums] = {0: tiles.ever}
    for slots, hop, lengths in ((tiles.hours, HOUR, _SHORT), (tiles.days, DAY, _LONG)):
        starts: list[tuple[int, Sums]] = [
            (window_start(as_of, days) // hop, {}) for days in lengths
        ]
        for slot, sums in slots.items():
            for start, total in starts:
                if slot >= start:
                    add(total, sums)
                    break
        shorter: Sums = {}
        for days, (_, total) in zip(lengths, starts, strict=True):
            add(total, shorter)
            totals[days] = shorter = total
    return totals


def _counted(features: list[Feature]) -> list[tuple[int, dict[int, str]]]:
    counts: dict[int, dict[int, str]] = {}
    for one in features:
        if one.kind is Kind.COUNT:
            counts.setdefault(one.days, {})[BY_NAME[one.of].number] = one.name
    return list(counts.items())


def deal_values(tiles: Tiles, as_of: int) -> dict[str, Value]:
    """How many deals are open, the value of the newest, and its age in days."""
    opened = [
        (deal.opened_at, deal.value)
        for deal in tiles.deals.values()
        if deal.opened_at is not None
        and deal.opened_at <= as_of
        and (deal.closed_at is None or deal.closed_at > as_of)
    ]
    if not opened:
        return {"open_deals": 0, "open_deal_value": None, "open_deal_days": None}
    newest, value = max(opened, key=lambda deal: (deal[0], deal[1] or 0.0))
    return {
        "open_deals": len(opened),
        "open_deal_value": value,
        "open_deal_days": (as_of - newest) / DAY,
    }


def _distinct(feature: Feature) -> Reader:
    number = next(one.number for one in DISTINCTS if one.name == feature.of)

    def read(view: View) -> Value:
        start = window_start(view.as_of, feature.days)
        return sum(last >= start for last in view.tiles.seen.get(number, {}).values())

    return read


def _since(feature: Feature) -> Reader:
    number = BY_NAME[feature.of].number

    def read(view: View) -> Value:
        last = view.tiles.last.get(number)
        return None if last is None else (view.as_of - last) / DAY

    return read


def _age(feature: Feature) -> Reader:
    number = BY_NAME[feature.of].number

    def read(view: View) -> Value:
        first = view.tiles.first.get(number)
        return None if first is None else (view.as_of - first) / DAY

    return read


def _ratio(feature: Feature) -> Reader:
    above, below = BY_NAME[feature.of].number, BY_NAME[feature.over].number

    def read(view: View) -> Value:
        sums = view.sums[feature.days]
        return sums.get(above, 0) / sums[below] if sums.get(below) else None

    return read


def _trend(feature: Feature) -> Reader:
    """One is steady, above it grows; the added ones keep single events from looking like a rush."""
    number = BY_NAME[feature.of].number
    week, with_before = TREND_DAYS

    def read(view: View) -> Value:
        now = view.sums[week].get(number, 0)
        before = view.sums[with_before].get(number, 0) - now
        return (now + 1) / (before / 4 + 1)

    return read


def _decay(feature: Feature) -> Reader:
    number, half_life = BY_NAME[feature.of].number, feature.days

    def read(view: View) -> Value:
        today, start = view.as_of // DAY, window_start(view.as_of, 90) // DAY
        aged = [
            (today - day, sums[number])
            for day, sums in view.tiles.days.items()
            if number in sums and day >= start
        ]
        return math.fsum(amount * 0.5 ** (age / half_life) for age, amount in aged)

    return read


def _roles(feature: Feature) -> Reader:
    def read(view: View) -> Value:
        start = window_start(view.as_of, feature.days)
        active = view.tiles.seen.get(ACTIVE_PEOPLE.number, {})
        people = [view.tiles.people.get(key) for key, last in active.items() if last >= start]
        if feature.of == "roles":
            return len({person[0] for person in people if person and person[0]})
        return sum(person is not None and person[1] in HIGH_RANK for person in people)

    return read


def _word(feature: Feature) -> Reader:
    number = ATTRIBUTES.index(feature.of)

    def read(view: View) -> Value:
        said = view.tiles.words.get(number)
        return None if said is None else said[0]

    return read


def _deal(feature: Feature) -> Reader:
    return lambda view: view.deals[feature.of]


_MAKERS: dict[Kind, Callable[[Feature], Reader]] = {
    Kind.DISTINCT: _distinct,
    Kind.SINCE: _since,
    Kind.AGE: _age,
    Kind.RATIO: _ratio,
    Kind.TREND: _trend,
    Kind.DECAY: _decay,
    Kind.ROLES: _roles,
    Kind.WORD: _word,
    Kind.DEAL: _deal,
}
"""How a value of each kind is read; one line a kind. Counts are put in by `windows` itself."""

_OF = {entity: [one for one in FEATURES if one.entity is entity] for entity in Entity}
_BLANK: dict[Entity, dict[str, Value]] = {
    entity: {one.name: 0 if one.kind is Kind.COUNT else None for one in features}
    for entity, features in _OF.items()
}
_READERS: dict[Entity, list[tuple[str, Reader]]] = {
    entity: [(one.name, _MAKERS[one.kind](one)) for one in features if one.kind in _MAKERS]
    for entity, features in _OF.items()
}
_COUNTED = {entity: _counted(features) for entity, features in _OF.items()}
"""Window → measure → the feature that counts it."""
_SUMMED = {one.days for one in FEATURES if one.kind in {Kind.COUNT, Kind.RATIO} and one.days}
_LENGTHS = sorted(_SUMMED.union(TREND_DAYS))
_SHORT = tuple(days for days in _LENGTHS if days <= 2)
_LONG = tuple(days for days in _LENGTHS if days > 2)
