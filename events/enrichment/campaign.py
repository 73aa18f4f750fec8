"""Where an unknown visitor came from, until the CRM says more: the campaign of the first visit."""

from __future__ import annotations

from events.types import MatchedEvent


def campaign_facts(matched: MatchedEvent) -> tuple[dict[str, str], dict[str, str]]:
    told = matched.event.properties.get("utm_source")
    return ({"channel": told[:100]} if isinstance(told, str) and told else {}), {}
