"""Whose identifier was it, and in which account the lead, at a moment: as was known then."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import chunks
from events.identity.graph import key_of
from events.identity.tables import IDENTIFIER, IDENTIFIER_HISTORY, MEMBERSHIP_HISTORY
from events.types import Identifier

Owner = tuple[str, str | None]
"""Lead id, account id."""


def owners_at(
    connection: sa.Connection, secret: bytes, asks: Sequence[tuple[Identifier, int]]
) -> list[Owner | None]:
    """For each (identifier, moment): the lead and account it belonged to then; None for nobody."""
    keys = [key_of(secret, identifier) for identifier, _ in asks]
    leads = _histories(connection, IDENTIFIER_HISTORY, "key", "lead_id", set(keys))
    owners = [_at(leads.get(key, ()), moment) for key, (_, moment) in zip(keys, asks, strict=True)]
    return accounts_at(
        connection, [(owner, moment) for owner, (_, moment) in zip(owners, asks, strict=True)]
    )


def accounts_at(
    connection: sa.Connection, asks: Sequence[tuple[str | None, int]]
) -> list[Owner | None]:
    """For each (lead, moment): the lead with the account it belonged to then."""
    ids = {lead_id for lead_id, _ in asks if lead_id}
    members = _histories(connection, MEMBERSHIP_HISTORY, "lead_id", "account_id", ids)
    return [
        (lead_id, _at(members.get(lead_id, ()), moment)) if lead_id else None
        for lead_id, moment in asks
    ]


def known_since(connection: sa.Connection, lead_ids: Sequence[str]) -> dict[str, int]:
    """For each of today's leads the moment from which it was known by an identifier; whoever has
    none is missing.
    """
    found: dict[str, int] = {}
    for some in chunks(sorted(set(lead_ids))):
        wanted = (
            sa.select(IDENTIFIER.c.lead_id, sa.func.min(IDENTIFIER_HISTORY.c.known_from))
            .join(IDENTIFIER_HISTORY, IDENTIFIER_HISTORY.c.key == IDENTIFIER.c.key)
            .where(IDENTIFIER.c.lead_id.in_(some))
            .where(IDENTIFIER_HISTORY.c.lead_id == IDENTIFIER.c.lead_id)
            .group_by(IDENTIFIER.c.lead_id)
        )
        found.update((lead_id, since) for lead_id, since in connection.execute(wanted))
    return found


Interval = tuple[int, int, str]


def _histories(
    connection: sa.Connection, table: sa.Table, key: str, owner: str, keys: set[bytes] | set[str]
) -> dict[bytes | str, list[Interval]]:
    found: dict[bytes | str, list[Interval]] = {}
    columns = (table.c[key], table.c.known_from, table.c.known_to, table.c[owner])
    for some in chunks(sorted(keys)):
        for whose, start, end, whom in connection.execute(
            sa.select(*columns).where(table.c[key].in_(some))
        ):
            found.setdefault(whose, []).append((start, end, whom))
    return found


def _at(history: Sequence[Interval], moment: int) -> str | None:
    return next((whom for start, end, whom in history if start <= moment < end), None)
