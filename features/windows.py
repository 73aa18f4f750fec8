"""tiles + as_of → values. The one definition of every feature, for online and offline alike."""

from __future__ import annotations

from core.clock import DAY, HOUR
from features.definitions import FEATURES, WINDOWS, Entity, Feature, Kind
from features.measures import ATTRIBUTES, BY_NAME, DISTINCTS
from features.tiles import Sums, Tiles

Value = float | int | str | None
"""A number, a word, or missing."""

_DISTINCT = {distinct.name: distinct.number for distinct in DISTINCTS}
_ATTRIBUTE = {name: at for at, name in enumerate(ATTRIBUTES)}
_NONE: Sums = {}


def windows(tiles: Tiles, as_of: int, entity: Entity) -> dict[str, Value]:
    """All features of one entity at `as_of`, in the order of the table.

    `as_of` is not before the moment the tiles were known: then nothing in them lies after it.
    """
    sums = _window_sums(tiles, as_of)
    deals = deal_values(tiles, as_of)
    return {feature.name: _value(feature, tiles, sums, deals, as_of) for feature in _TABLE[entity]}


def window_start(as_of: int, days: int) -> int:
    """Where the window begins: its tail moves in hours up to 2 days, in days beyond."""
    hop = HOUR if days <= 2 else DAY
    return (as_of - days * DAY) // hop * hop


def _window_sums(tiles: Tiles, as_of: int) -> dict[int, Sums]:
    totals: dict[int, Sums] = {days: {} for days in WINDOWS}
    totals[0] = tiles.ever
    for slots, hop, lengths in ((tiles.hours, HOUR, _SHORT), (tiles.days, DAY, _LONG)):
        starts = [(window_start(as_of, days) // hop, totals[days]) for days in lengths]
        for slot, sums in slots.items():
            for start, total in starts:
                if slot >= start:
                    for number, amount in sums.items():
                        total[number] = total.get(number, 0) + amount
    return totals


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


def _value(
    feature: Feature, tiles: Tiles, sums: dict[int, Sums], deals: dict[str, Value], as_of: int
) -> Value:
    match feature.kind:
        case Kind.COUNT:
            return sums[feature.days].get(BY_NAME[feature.of].number, 0)
        case Kind.DISTINCT:
            start = window_start(as_of, feature.days)
            keys = tiles.seen.get(_DISTINCT[feature.of], _NONE)
            return sum(1 for last in keys.values() if last >= start)
        case Kind.SINCE:
            last = tiles.last.get(BY_NAME[feature.of].number)
            return None if last is None else (as_of - last) / DAY
        case Kind.AGE:
            first = tiles.first.get(BY_NAME[feature.of].number)
            return None if first is None else (as_of - first) / DAY
        case Kind.WORD:
            said = tiles.words.get(_ATTRIBUTE[feature.of])
            return None if said is None else said[0]
        case Kind.DEAL:
            return deals[feature.of]


_TABLE: dict[Entity, tuple[Feature, ...]] = {
    entity: tuple(feature for feature in FEATURES if feature.entity is entity) for entity in Entity
}
_SHORT = tuple(days for days in WINDOWS if days <= 2)
_LONG = tuple(days for days in WINDOWS if days > 2)
