"""enrich: matched events → enriched events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from events.enrichment.campaign import campaign_facts
from events.enrichment.mail import mail_facts
from events.enrichment.told import told_facts
from events.types import EnrichedEvent, MatchedEvent

Words = dict[str, str]
Provider = Callable[[MatchedEvent], tuple[Words, Words]]
"""(words about the person, words about the company) that this source knows, by attribute name."""

PROVIDERS: dict[str, Provider] = {
    "mail": mail_facts,
    "campaign": campaign_facts,
    "told": told_facts,  # last: what people and the CRM say stands above what we deduce
}


def enrich(
    matched: Sequence[MatchedEvent], providers: Mapping[str, Provider] = PROVIDERS
) -> list[EnrichedEvent]:
    """One result an event, in order; never raises for a provider's sake."""
    return [_enrich_one(one, providers) for one in matched]


def _enrich_one(matched: MatchedEvent, providers: Mapping[str, Provider]) -> EnrichedEvent:
    person: Words = {}
    company: Words = {}
    degraded: tuple[str, ...] = ()
    for name, provider in providers.items():
        try:
            of_person, of_company = provider(matched)
        except Exception:  # noqa: BLE001 - an optional input must never cost the event
            degraded = (*degraded, name)
            continue
        person.update(of_person)
        company.update(of_company)
    return EnrichedEvent(matched=matched, person=person, company=company, degraded=degraded)
