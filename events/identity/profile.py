"""What people and companies said of themselves: the newest word on each trait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core.database import chunks, upsert
from events.identity.tables import (
    ACCOUNT_IDENTIFIER,
    COMPANY,
    IDENTIFIER,
    LEAD,
    LEAD_MERGE,
    PROFILE,
)
from events.types import MatchedEvent

MOST_TRAITS = 50
LONGEST_WORD = 500

Traits = dict[str, Any]


class Profiles:
    """Profiles of the leads and companies that a batch speaks of."""

    def __init__(self) -> None:
        self.people: dict[str, Traits] = {}
        self.companies: dict[str, Traits] = {}

    def load(self, connection: sa.Connection, matched: Sequence[MatchedEvent]) -> None:
        people = {one.lead_id for one in matched if one.event.traits or one.event.email}
        for one in matched:
            for merge in one.merges:
                people |= {merge.survivor, merge.absorbed}
        companies = {one.account_id for one in matched if one.event.company and one.account_id}
        self.people = {lead_id: {} for lead_id in people} | _load(
            connection, PROFILE.c.lead_id, PROFILE.c.person, people
        )
        self.companies = {account_id: {} for account_id in companies} | _load(
            connection, COMPANY.c.account_id, COMPANY.c.facts, companies
        )

    def note(self, matched: MatchedEvent) -> None:
        """Takes up one event's traits; after a merge the survivor's own words stand first."""
        for merge in matched.merges:
            absorbed = self.people.pop(merge.absorbed, {})
            self.people[merge.survivor] = {**absorbed, **self.people.get(merge.survivor, {})}
        event = matched.event
        if matched.lead_id in self.people:
            person = self.people[matched.lead_id]
            _take(person, event.traits)
            if event.email:
                person["email" if "@" in event.email else "email_sha256"] = event.email
        if event.company and matched.account_id in self.companies:
            _take(self.companies[matched.account_id], event.company)

    def save(self, connection: sa.Connection) -> None:
        rows = [{"lead_id": lead_id, "person": told} for lead_id, told in self.people.items()]
        upsert(PROFILE, connection, rows)
        facts = [{"account_id": one, "facts": told} for one, told in self.companies.items()]
        upsert(COMPANY, connection, facts)


def _take(held: Traits, told: Traits) -> None:
    for name, value in told.items():
        word = value[:LONGEST_WORD] if isinstance(value, str) else value
        if isinstance(word, str | int | float | bool) and (name in held or len(held) < MOST_TRAITS):
            held[name] = word


def _load(
    connection: sa.Connection, key: sa.Column[Any], value: sa.Column[Any], ids: set[str]
) -> dict[str, Traits]:
    found: dict[str, Traits] = {}
    for some in chunks(sorted(ids)):
        for row in connection.execute(sa.select(key, value).where(key.in_(some))):
            found[row[0]] = dict(row[1])
    return found


def people_of(connection: sa.Connection, lead_ids: set[str]) -> dict[str, Traits]:
    """The persons behind these leads; a lead that said nothing is missing."""
    return _load(connection, PROFILE.c.lead_id, PROFILE.c.person, lead_ids)


def companies_of(connection: sa.Connection, account_ids: set[str]) -> dict[str, Traits]:
    return _load(connection, COMPANY.c.account_id, COMPANY.c.facts, account_ids)


def canonical(connection: sa.Connection, lead_id: str) -> str:
    """The lead that stands for this one today, after all merges."""
    seen = {lead_id}
    while True:
        after = connection.execute(
            sa.select(LEAD_MERGE.c.survivor).where(LEAD_MERGE.c.absorbed == lead_id)
        ).scalar()
        if after is None or after in seen:
            return lead_id
        seen.add(after)
        lead_id = after


def read_lead(connection: sa.Connection, lead_id: str) -> dict[str, Any] | None:
    """One lead as it stands: account, person, company, and which kinds of identifiers it has."""
    row = connection.execute(sa.select(LEAD).where(LEAD.c.lead_id == lead_id)).mappings().first()
    if row is None:
        return None
    kinds = connection.execute(
        sa.select(IDENTIFIER.c.kind, sa.func.count())
        .where(IDENTIFIER.c.lead_id == lead_id)
        .group_by(IDENTIFIER.c.kind)
    )
    account_id = row["account_id"]
    return {
        "lead_id": lead_id,
        "account_id": account_id,
        "merged_into": row["merged_into"],
        "person": people_of(connection, {lead_id}).get(lead_id, {}),
        "company": companies_of(connection, {account_id}).get(account_id, {}) if account_id else {},
        "identifiers": [{"kind": kind, "count": count} for kind, count in kinds],
    }


def read_account(connection: sa.Connection, account_id: str) -> dict[str, Any] | None:
    """One account as it stands: company facts, names it goes by, its people's lead ids."""
    names = connection.execute(
        sa.select(ACCOUNT_IDENTIFIER.c.name).where(ACCOUNT_IDENTIFIER.c.account_id == account_id)
    ).scalars()
    told = sorted(names)
    if not told:
        return None
    people = connection.execute(
        sa.select(LEAD.c.lead_id).where(LEAD.c.account_id == account_id).order_by(LEAD.c.lead_id)
    ).scalars()
    return {
        "account_id": account_id,
        "names": told,
        "company": companies_of(connection, {account_id}).get(account_id, {}),
        "people": list(people),
    }
