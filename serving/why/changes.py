"""What changed between two scenes, by name: features and words, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from events.fates import FATE
from features.definitions import BY_FEATURE
from features.windows import Value
from rules.facts import AS_OF

MOST_FEATURES = 12
MOST_EVENTS = 10


def said(values: Mapping[str, Value]) -> dict[str, Value]:
    """What people and the CRM said of a lead: words and the CRM's own columns, but no counts."""
    return {
        name: value
        for name, value in values.items()
        if name not in BY_FEATURE or BY_FEATURE[name].is_word
    }


class Fact(msgspec.Struct, frozen=True):
    """A fact that reads otherwise."""

    name: str
    before: Value
    after: Value


class Event(msgspec.Struct, frozen=True):
    """An event of the lead, newest first."""

    name: str
    recorded_at: str
    message_id: str | None


def facts_changed(
    before: Mapping[str, Value], after: Mapping[str, Value], read: frozenset[str]
) -> list[Fact]:
    """Those that the rules in force read come first, then the rest in the order of the table."""
    changed = [
        Fact(name, before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value and name != AS_OF
    ]
    changed.sort(key=lambda fact: fact.name not in read)
    return changed[:MOST_FEATURES]


def events_since(
    connection: sa.Connection, lead_ids: Sequence[str], since: int, until: int
) -> list[Event]:
    """Of the newest events that are remembered (10,000 in all), those of these leads."""
    asked = (
        sa.select(FATE.c.name, FATE.c.recorded_at, FATE.c.message_id)
        .where(
            FATE.c.lead_id.in_(lead_ids),
            FATE.c.fate == "processed",
            FATE.c.recorded_at > since,
            FATE.c.recorded_at <= until,
        )
        .order_by(FATE.c.offset.desc())
        .limit(MOST_EVENTS)
    )
    return [
        Event(row.name or "", to_iso(row.recorded_at), row.message_id)
        for row in connection.execute(asked)
    ]
