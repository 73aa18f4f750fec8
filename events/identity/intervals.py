"""Histories as intervals: a new owner closes the interval of the one before."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core.database import upsert
from events.identity.accounts import Membership
from events.identity.graph import Owned
from events.identity.tables import (
    FOREVER,
    IDENTIFIER,
    IDENTIFIER_HISTORY,
    MEMBERSHIP_HISTORY,
)

Step = tuple[Any, int, str | None]
"""Whose history, from when, which owner (None: nobody)."""


def save_identifiers(connection: sa.Connection, steps: Sequence[Owned]) -> None:
    """The newest owner of each identifier, and the step in its history."""
    newest = {one.key: {"key": one.key, "kind": one.kind, "lead_id": one.lead_id} for one in steps}
    upsert(IDENTIFIER, connection, list(newest.values()))
    told = [(one.key, one.known_at, one.lead_id) for one in steps]
    _save(connection, IDENTIFIER_HISTORY, "key", "lead_id", told)


def save_memberships(connection: sa.Connection, moves: Sequence[Membership]) -> None:
    told = [(one.lead_id, one.known_at, one.account_id) for one in moves]
    _save(connection, MEMBERSHIP_HISTORY, "lead_id", "account_id", told)


def _save(
    connection: sa.Connection, table: sa.Table, key: str, owner: str, steps: Iterable[Step]
) -> None:
    by_key: dict[Hashable, list[tuple[int, str | None]]] = {}
    for whose, at, whom in steps:
        by_key.setdefault(whose, []).append((at, whom))
    if not by_key:
        return
    close = (
        table.update()
        .where(table.c[key] == sa.bindparam("whose"), table.c.known_to == FOREVER)
        .values(known_to=sa.bindparam("at"))
    )
    firsts = [{"whose": whose, "at": history[0][0]} for whose, history in by_key.items()]
    connection.execute(close, firsts)
    rows = []
    for whose, history in by_key.items():
        ends = [at for at, _ in history[1:]] + [FOREVER]
        for (at, whom), end in zip(history, ends, strict=True):
            if whom is not None and end > at:
                rows.append({key: whose, "known_from": at, "known_to": end, owner: whom})
    upsert(table, connection, rows)
