"""Which leads a batch asks to look at, why, and what is known of each besides its features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from events.identity.domains import work_domain
from events.identity.profile import Profiles, companies_of, people_of
from events.identity.tables import LEAD
from events.outcomes import owners
from events.types import Door, EnrichedEvent, Event
from features.definitions import Entity
from features.update import Updater
from features.vector import FeatureVector, Stored, vectors
from signals import bands
from signals.types import RESCORED, About, BandState, ClosedDeal, Trigger

NO_OFFSET = -1


class Case(msgspec.Struct):
    """One lead to look at: who, why, and which event of the batch asked for it."""

    lead_id: str
    account_id: str | None
    trigger: Trigger
    offset: int = NO_OFFSET


def cases_of(enriched: Sequence[EnrichedEvent], merged: Mapping[str, str]) -> list[Case]:
    """One case a lead: its newest live event asks, deals closed on the way are told as well."""
    cases: dict[str, Case] = {}
    for one in enriched:
        event = one.matched.event
        if event.door is not Door.LIVE:
            continue
        lead_id = one.matched.lead_id
        while lead_id in merged:
            lead_id = merged[lead_id]
        earlier = cases.get(lead_id)
        closed = (*(earlier.trigger.closed if earlier else ()), *_closed(event))
        trigger = Trigger(
            event=event.name,
            message_id=event.message_id,
            at=event.recorded_at,
            occurred_at=event.occurred_at,
            closed=closed,
        )
        account_id = one.matched.account_id
        cases[lead_id] = Case(lead_id, account_id, trigger, event.offset)
    return list(cases.values())


def _closed(event: Event) -> tuple[ClosedDeal, ...]:
    deal_id = event.properties.get("opportunity_id")
    outcome = event.properties.get("outcome")
    if event.name != "opportunity_closed" or not deal_id or outcome not in {"won", "lost"}:
        return ()
    value = event.properties.get("value")
    worth = float(value) if isinstance(value, int | float) else None
    deal = ClosedDeal(
        deal_id=str(deal_id), message_id=event.message_id, won=outcome == "won", value=worth
    )
    return (deal,)


def due_cases(record: sa.Connection, now: int, limit: int) -> list[Case]:
    """The leads whose band time alone may have lowered by `now`, longest overdue first."""
    due = dict(bands.due(record, now, limit))
    if not due:
        return []
    columns = (LEAD.c.lead_id, LEAD.c.account_id)
    rows = record.execute(sa.select(*columns).where(LEAD.c.lead_id.in_(due)))
    accounts = {row.lead_id: row.account_id for row in rows}
    return [Case(lead_id, accounts.get(lead_id), _rescored(at)) for lead_id, at in due.items()]


def _rescored(at: int) -> Trigger:
    return Trigger(event=RESCORED, message_id=None, at=at, occurred_at=at)


def states_before(
    record: sa.Connection, cases: Sequence[Case], merged: Mapping[str, str]
) -> dict[str, BandState]:
    """The states before this batch; an absorbed lead's goes to its survivor."""
    states = bands.load(record, {*(case.lead_id for case in cases), *merged})
    for absorbed, survivor in merged.items():
        if absorbed in states:
            states[survivor] = bands.join(states.get(survivor), states.pop(absorbed), survivor)
    return states


def abouts_of(record: sa.Connection, cases: Sequence[Case], profiles: Profiles) -> list[About]:
    """Person, company and CRM owner of each case; `profiles` holds this batch's newest words."""
    leads = {case.lead_id for case in cases}
    named = {case.account_id for case in cases if case.account_id}
    persons = {**people_of(record, leads - profiles.people.keys()), **profiles.people}
    known = companies_of(record, named - profiles.companies.keys())
    companies = {**known, **profiles.companies}
    owner = owners(record, sorted(leads))
    return [
        About(
            person=persons.get(case.lead_id, {}),
            company=companies.get(case.account_id or "", {}),
            owner=owner.get(case.lead_id),
            email_domain=work_domain(_text(persons.get(case.lead_id, {}).get("email"))),
        )
        for case in cases
    ]


def vectors_of(
    record: sa.Connection, cases: Iterable[Case], updater: Updater, now: int
) -> list[FeatureVector]:
    told = [(case.lead_id, case.account_id) for case in cases]
    leads = updater.blobs(record, Entity.LEAD, [lead_id for lead_id, _ in told])
    accounts = updater.blobs(record, Entity.ACCOUNT, [one for _, one in told if one])
    return vectors(
        [
            Stored(lead_id, one, leads[lead_id], accounts[one] if one else None, now)
            for lead_id, one in told
        ]
    )


def facts_of(about: About) -> dict[str, str | None]:
    return {"owner": about.owner, "email_domain": about.email_domain}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
