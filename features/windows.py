"""tiles + as_of → values: what both ways of computing features, for one entity and for many, share.

`features.single` reads one entity in plain Python, `features.columns` many at once as arrays: what
pays for a thousand would cost one entity four times as much. Both follow the table of definitions,
and tests hold them equal on every feature to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from core.clock import DAY, HOUR
from features.blob import LAST
from features.definitions import FEATURES, HIGH_RANK, TREND_DAYS, Entity, Feature, Kind
from features.measures import BY_NAME
from features.tiles import Deal

Value = float | int | str | None
"""A number, a word, or missing."""


class Person(NamedTuple):
    """An active person: the hour of the last deed, role and seniority as far as known."""

    hour: int
    role: str | None
    seniority: str | None


class Lengths(NamedTuple):
    """Windows in days, ascending: those whose tail moves in hours, and those that move in days."""

    short: tuple[int, ...]
    long: tuple[int, ...]

    def at(self, days: int) -> int:
        """Where a window stands among them all; what is counted for ever (0) comes last."""
        every = (*self.short, *self.long)
        return every.index(days) if days else len(every)


def window_start(as_of: Any, days: int) -> Any:
    """Where the window begins: its tail moves in hours up to 2 days, in days beyond. Of a moment,
    or of an array of them.
    """
    hop = HOUR if days <= 2 else DAY
    return (as_of - days * DAY) // hop * hop


def deal_values(deals: Iterable[Deal], as_of: int) -> dict[str, Value]:
    """How many deals are open, the value of the newest, and its age in days."""
    opened = [
        (deal.opened_at, deal.value)
        for deal in deals
        if deal.opened_at is not None
        and deal.opened_at <= as_of
        and (deal.closed_at is None or deal.closed_at > as_of)
    ]
    if not opened:
        return NO_DEALS
    newest, value = max(opened, key=lambda deal: (deal[0], deal[1] or 0.0))
    return {
        "open_deals": len(opened),
        "open_deal_value": value,
        "open_deal_days": (as_of - newest) / DAY,
    }


NO_DEALS: dict[str, Value] = {"open_deals": 0, "open_deal_value": None, "open_deal_days": None}


def role_count(people: Iterable[Person], of: str, start: int) -> int:
    """Of those who were active since `start`: different roles, or how many of high rank."""
    active = [person for person in people if person.hour * HOUR >= start]
    if of == "roles":
        return len({person.role for person in active if person.role})
    return sum(person.seniority in HIGH_RANK for person in active)


def moment_code(feature: Feature) -> int:
    """Which of an entity's moments a `since` or an `age` counts from."""
    return BY_NAME[feature.of].number + (LAST if feature.kind is Kind.SINCE else 0)


def weights(half_life: int) -> list[float]:
    """What an amount is worth by the days that have gone by."""
    return [0.5 ** (age / half_life) for age in range(AGES)]


OF: dict[Entity, list[Feature]] = {
    entity: [one for one in FEATURES if one.entity is entity] for entity in Entity
}
_SUMMED = {one.days for one in FEATURES if one.kind in {Kind.COUNT, Kind.RATIO} and one.days}
_LENGTHS = sorted(_SUMMED.union(TREND_DAYS))
LENGTHS = Lengths(
    tuple(days for days in _LENGTHS if days <= 2), tuple(days for days in _LENGTHS if days > 2)
)
DECAY_DAYS = 90
AGES = DECAY_DAYS + 1
"""A window of so many days reaches from 0 days ago to that many."""
