"""What a row tells, as Segment-shaped messages for the door of history. Times in microseconds."""

from __future__ import annotations

from typing import Any

from core.clock import to_iso
from events.attributes import Value
from events.imports.told import Deal, Told
from events.intake.identifiers import CRM_LEAD, is_hashed

Message = dict[str, Any]


def lead_created(told: Told, at: int, values: dict[str, Value]) -> Message:
    person = {name: word for name, word in told.facts.items() if name in {"source", "channel"}}
    properties: Message = {**person, "crm": values}
    if told.owner:
        properties["owner"] = told.owner
    return message(told, "Lead Created", at, properties)


def lead_updated(told: Told, at: int, values: dict[str, Value]) -> Message:
    return message(told, "Lead Updated", at, {"crm": values})


def message(told: Told, event: str, at: int, properties: Message) -> Message:
    traits: Message = {
        name: word for name, word in told.facts.items() if name not in {"source", "channel"}
    }
    if told.email:
        traits["email_sha256" if is_hashed(told.email) else "email"] = told.email
    context: Message = {}
    if told.external:
        context["externalIds"] = [{"type": CRM_LEAD, "id": told.external}]
    if traits:
        context["traits"] = traits
    if told.account:
        context["groupId"] = told.account[:256]
    made: Message = {"type": "track", "event": event, "timestamp": to_iso(at)}
    if told.user_id:
        made["userId"] = told.user_id
    return {**made, "context": context, "properties": properties}


def deal_closed(told: Told, deal: Deal, at: int) -> Message:
    properties: Message = {
        "opportunity_id": deal.deal_id,
        "outcome": deal.end,
        "value": deal.value,
    }
    if deal.currency:
        properties["currency"] = deal.currency
    return message(told, "Opportunity Closed", at, properties)


def deal_reopened(told: Told, deal: Deal, at: int) -> Message:
    return message(told, "Opportunity Reopened", at, {"opportunity_id": deal.deal_id})
