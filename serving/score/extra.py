"""The facts of leads that are no features, for score calls: the same that the worker reads."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import chunks
from events.identity.domains import work_domain
from events.identity.profile import people_of
from events.outcomes import owners
from serving.worker.cases import facts_of
from signals.types import About


def extra_facts(connection: sa.Connection, lead_ids: Sequence[str]) -> list[dict[str, str | None]]:
    """`owner` and `email_domain` of each lead, in order."""
    people = people_of(connection, set(lead_ids))
    owner: dict[str, str] = {}
    for some in chunks(list(lead_ids)):
        owner |= owners(connection, some)
    return [
        facts_of(About(owner=owner.get(lead_id), email_domain=_domain(people.get(lead_id, {}))))
        for lead_id in lead_ids
    ]


def _domain(person: dict[str, object]) -> str | None:
    email = person.get("email")
    return work_domain(email) if isinstance(email, str) else None
