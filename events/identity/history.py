"""Whose identifier was it, and in which account the lead, at a moment: as was known then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from core.database import chunks
from events.identity.graph import key_of
from events.identity.tables import (
    IDENTIFIER,
    IDENTIFIER_HISTORY,
    LEAD,
    LEAD_MERGE,
    MEMBERSHIP_HISTORY,
)
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


def leads_at(connection: sa.Connection, asks: Sequence[tuple[str, int]]) -> list[str | None]:
    """For each (lead id, moment): the lead that the id stood for then. Before a merge that is the
    absorbed lead itself, after it the survivor. None for an id that nobody was known by then.
    """
    asked = {lead_id for lead_id, _ in asks}
    heirs = _heirs(connection, asked)
    merged = _merged_at(connection, set(heirs))
    since = _known_since(connection, asked.union(heirs.values()))
    return [_stood_for(lead_id, moment, heirs, merged, since) for lead_id, moment in asks]


def _stood_for(
    lead_id: str,
    moment: int,
    heirs: Mapping[str, str],
    merged: Mapping[str, int],
    since: Mapping[str, int],
) -> str | None:
    """An id without a history of its own is one that was taken back when history was told anew:
    what it was is its heir's, at every moment.
    """
    while lead_id in heirs and (lead_id not in since or merged.get(lead_id, 0) <= moment):
        lead_id = heirs[lead_id]
    return lead_id if since.get(lead_id, moment + 1) <= moment else None


def _heirs(connection: sa.Connection, lead_ids: set[str]) -> dict[str, str]:
    """Absorbed lead → who absorbed it, of these and of all their heirs."""
    found: dict[str, str] = {}
    wanted = set(lead_ids)
    while wanted:
        rows: dict[str, str] = {}
        for some in chunks(sorted(wanted)):
            asked = sa.select(LEAD.c.lead_id, LEAD.c.merged_into).where(LEAD.c.lead_id.in_(some))
            absorbed = asked.where(LEAD.c.merged_into.is_not(None))
            rows.update((lead_id, heir) for lead_id, heir in connection.execute(absorbed))
        found.update(rows)
        wanted = set(rows.values()) - set(found)
    return found


def _merged_at(connection: sa.Connection, lead_ids: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    columns = (LEAD_MERGE.c.absorbed, LEAD_MERGE.c.known_at)
    for some in chunks(sorted(lead_ids)):
        asked = sa.select(*columns).where(LEAD_MERGE.c.absorbed.in_(some))
        found.update((lead_id, at) for lead_id, at in connection.execute(asked))
    return found


def _known_since(connection: sa.Connection, lead_ids: set[str]) -> dict[str, int]:
    """The moment from which each was known by an identifier; whoever never was is missing. All
    heirs of a lead have to be among them, for they own its identifiers today.
    """
    found: dict[str, int] = {}
    for some in chunks(sorted(lead_ids)):
        wanted = (
            sa.select(IDENTIFIER_HISTORY.c.lead_id, sa.func.min(IDENTIFIER_HISTORY.c.known_from))
            .join(IDENTIFIER, IDENTIFIER_HISTORY.c.key == IDENTIFIER.c.key)
            .where(IDENTIFIER.c.lead_id.in_(some))
            .group_by(IDENTIFIER_HISTORY.c.lead_id)
        )
        for lead_id, since in connection.execute(wanted):
            found[lead_id] = min(since, found.get(lead_id, since))
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
