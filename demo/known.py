"""Who each lead of the world is here, and the shape that all makers of calls share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from demo.moments import Slot, moment
from demo.people import Company, Person, companies, person
from demo.world import World

Fields = dict[str, Any]

Timed = Iterator[tuple[int, str, Fields]]
"""Moment in milliseconds, what the message id is drawn from, the call without id and time."""


class Known(NamedTuple):
    """A lead of the world, as it is known here."""

    lead: Fields
    contact: Fields
    company: Company
    person: Person
    created_ms: int


def knowns(world: World) -> dict[str, Known]:
    """Lead id → who it is here, in the order of creation."""
    contacts = {row["contact_id"]: row for row in world.rows("contacts")}
    firms = companies(world.seed, world.rows("accounts"))
    found = []
    for lead in world.rows("leads"):
        contact, firm = contacts[lead["contact_id"]], firms[lead["account_id"]]
        key = lead["lead_id"]
        who = person(world.seed, key, lead["contact_id"], contact["email_domain_type"], firm)
        day = world.day(lead["lead_created_at"])
        found.append(Known(lead, contact, firm, who, moment(world.seed, day, Slot.CREATED, key)))
    found.sort(key=lambda known: known.created_ms)
    return {known.lead["lead_id"]: known for known in found}


def track(user_id: str, event: str, properties: Fields) -> Fields:
    return {"type": "track", "event": event, "userId": user_id, "properties": properties}
