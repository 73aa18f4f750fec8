"""What rules read of a lead beside its features (`owner`, `email_domain`), as of a past moment."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from events.identity.domains import work_domain
from events.identity.profile import people_of
from events.outcomes import owners_then
from features.vector import FeatureVector


def beside_then(
    connection: sa.Connection, vectors: Sequence[FeatureVector]
) -> list[dict[str, str | None]]:
    """`owner` and `email_domain` of each lead, in order, as known at its vector's `as_of`.

    Of emails only today's is kept: its domain is told where the lead had told an email by then.
    """
    people = people_of(connection, {one.lead_id for one in vectors})
    owners = owners_then(connection, [(one.lead_id, one.as_of) for one in vectors])
    return [
        {"owner": owner, "email_domain": _domain(people.get(one.lead_id, {}), one)}
        for one, owner in zip(vectors, owners, strict=True)
    ]


def _domain(person: dict[str, object], vector: FeatureVector) -> str | None:
    email = person.get("email")
    if not isinstance(email, str) or vector.values.get("email_kind") is None:
        return None
    return work_domain(email)
