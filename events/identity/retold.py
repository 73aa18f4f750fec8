"""Saves identities that were matched anew: histories are replaced, known ids stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from core.crypto import new_secret
from core.database import chunks, upsert
from events.identity.graph import Key
from events.identity.intervals import save_identifiers, save_memberships
from events.identity.rematch import Rematch
from events.identity.tables import (
    ACCOUNT,
    ACCOUNT_IDENTIFIER,
    IDENTIFIER_CONFLICT,
    IDENTIFIER_HISTORY,
    LEAD,
    LEAD_MERGE,
    MEMBERSHIP_HISTORY,
)


def save_retold(
    connection: sa.Connection,
    rematch: Rematch,
    names: Mapping[str, str],
    before: Mapping[Key, str],
    circle: set[str],
) -> set[str]:
    """Inside the worker's transaction. Returns the leads that stand for nobody any more.

    `before` says who owned the circle's identifiers until now.
    """
    graph, accounts = rematch.graph, rematch.accounts
    _forget(connection, IDENTIFIER_HISTORY, "key", [*before])
    _forget(connection, MEMBERSHIP_HISTORY, "lead_id", sorted(circle | {*names.values()}))
    _forget(connection, LEAD_MERGE, "absorbed", sorted({*names.values()}))
    _save_leads(connection, rematch, names)
    steps = [msgspec.structs.replace(one, lead_id=names[one.lead_id]) for one in graph.steps]
    save_identifiers(connection, steps)
    moves = [msgspec.structs.replace(one, lead_id=names[one.lead_id]) for one in accounts.moves]
    save_memberships(connection, moves)
    merges = [
        {
            "absorbed": names[one.absorbed],
            "survivor": names[one.survivor],
            "because": one.because,
            "known_at": one.known_at,
            "offset": one.offset,
        }
        for one in graph.merges
    ]
    upsert(LEAD_MERGE, connection, merges)
    founded = [{"account_id": one, "created_at": at} for one, at in accounts.founded.items()]
    upsert(ACCOUNT, connection, founded)
    told = [{"name": name, "account_id": one} for name, one in accounts.new_names.items()]
    upsert(ACCOUNT_IDENTIFIER, connection, told)
    conflicts = [{"key": key, "lead_id": names[one]} for key, one in sorted(graph.conflicts)]
    upsert(IDENTIFIER_CONFLICT, connection, conflicts)
    return _vanish(connection, rematch, names, {k: v for k, v in before.items() if v in circle})


def _save_leads(connection: sa.Connection, rematch: Rematch, names: Mapping[str, str]) -> None:
    """Archived events stay sealed with the key of the id they were matched to, so keys stay."""
    keys: dict[str, bytes] = {}
    for some in chunks(sorted({*names.values()})):
        held = sa.select(LEAD.c.lead_id, LEAD.c.data_key).where(LEAD.c.lead_id.in_(some))
        keys.update((row.lead_id, row.data_key) for row in connection.execute(held))
    rows = [
        {
            "lead_id": names[lead.lead_id],
            "account_id": lead.account_id,
            "account_by": lead.account_by,
            "merged_into": names[lead.merged_into] if lead.merged_into else None,
            "founded_offset": lead.founded_offset,
            "created_at": lead.created_at,
            "known_at": lead.known_at,
            "data_key": keys.get(names[lead.lead_id]) or new_secret(),
        }
        for lead in rematch.graph.leads.values()
    ]
    upsert(LEAD, connection, rows)


def _vanish(
    connection: sa.Connection,
    rematch: Rematch,
    names: Mapping[str, str],
    before: Mapping[Key, str],
) -> set[str]:
    """Leads of before for whom nobody stands now: whoever has their identifiers is their heir."""
    gone: dict[str, str] = {}
    standing = {*names.values()}
    for key, lead_id in before.items():
        if lead_id not in standing and key in rematch.graph.owner:
            gone[lead_id] = names[rematch.graph.owner[key]]
    for lead_id, heir in gone.items():
        connection.execute(
            sa.update(LEAD)
            .where(LEAD.c.lead_id == lead_id)
            .values(merged_into=heir, account_id=None)
        )
    return set(gone)


def _forget(
    connection: sa.Connection, table: sa.Table, column: str, values: Sequence[str | bytes]
) -> None:
    for some in chunks(list(values)):
        connection.execute(sa.delete(table).where(table.c[column].in_(some)))
