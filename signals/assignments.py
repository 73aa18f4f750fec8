"""Whose turn it is: a round robin of the routing rules chooses an owner for each signal.

The rules say who may be chosen and by which counts (`rules.pool`); what was given to whom is kept
here, in the record, one row a route and lead, written in the transaction that decides:

- A lead stays with whom it was given to, for as long as that person is in the round robin.
- A new lead goes to whoever has the newest lead of its account by the same route, room or not: a
  company talks to one person.
- Everybody else goes to the member with the fewest leads for their weight who has room.

A batch that is worked out again after a crash finds the same rows, so nobody gets a second turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks, upsert
from rules.pool import Load
from signals.tables import ASSIGNMENT
from signals.turns import Assignment, Counts, Key, Turns, since
from signals.types import Signal


def assign(
    record: sa.Connection,
    signals: Sequence[Signal],
    merged: Mapping[str, str],
) -> tuple[list[Signal], list[Assignment]]:
    """The signals with their owners, in order, and the assignments to save with them.

    `merged`: leads absorbed in this batch → their survivors. The number of queries grows with the
    routes, not with the signals.
    """
    if not signals:
        return [], []
    leads = [signal.data["lead_id"] for signal in signals]
    held = _joined(_of_leads(record, [*leads, *merged]), merged)
    pooled = [one for one in signals if one.pool is not None]
    first = {_rule(one): one for one in reversed(pooled)}
    counts = {rule: _counts(record, rule, since(one)) for rule, one in first.items()}
    turns = Turns(list(held.values()), _newest_of_accounts(record, pooled), counts)
    told = [turns.take(signal) for signal in signals]
    return told, turns.changed()


def save(record: sa.Connection, assignments: Sequence[Assignment]) -> None:
    upsert(ASSIGNMENT, record, [msgspec.structs.asdict(one) for one in assignments])


def absorb(record: sa.Connection, merges: Mapping[str, str]) -> None:
    """Absorbed lead id → survivor, in the order of the merges; the survivor's own rows stay."""
    rows = _of_leads(record, [*merges, *merges.values()])
    held = _joined(rows, merges)
    for part in chunks(list(merges)):
        record.execute(sa.delete(ASSIGNMENT).where(ASSIGNMENT.c.lead_id.in_(part)))
    save(record, [one for one in held.values() if one not in rows])


def _joined(rows: Sequence[Assignment], merges: Mapping[str, str]) -> dict[Key, Assignment]:
    """Assignments by key, those of absorbed leads under their survivors."""
    held = {one.key: one for one in rows}
    for absorbed, survivor in merges.items():
        for one in [one for one in held.values() if one.lead_id == absorbed]:
            del held[one.key]
            moved = msgspec.structs.replace(one, lead_id=survivor)
            held.setdefault(moved.key, moved)
    return held


def _of_leads(record: sa.Connection, lead_ids: Sequence[str]) -> list[Assignment]:
    found = []
    for part in chunks(sorted(set(lead_ids))):
        asked = sa.select(ASSIGNMENT).where(ASSIGNMENT.c.lead_id.in_(part))
        found += [Assignment(**row._mapping) for row in record.execute(asked)]
    return found


def _newest_of_accounts(record: sa.Connection, signals: Sequence[Signal]) -> dict[Key, str]:
    """(route, account id) → who was given the account's newest lead."""
    accounts = {signal.data["account_id"] for signal in signals if signal.data["account_id"]}
    found: dict[Key, str] = {}
    for part in chunks(sorted(accounts)):
        asked = (
            sa.select(ASSIGNMENT.c.rule, ASSIGNMENT.c.account_id, ASSIGNMENT.c.owner)
            .where(ASSIGNMENT.c.account_id.in_(part))
            .order_by(ASSIGNMENT.c.at, ASSIGNMENT.c.lead_id)
        )
        found |= {(row.rule, row.account_id): row.owner for row in record.execute(asked)}
    return found


def _counts(record: sa.Connection, rule: str, start: int) -> Counts:
    still_open = sa.func.sum(sa.case((ASSIGNMENT.c.open, 1), else_=0))
    asked = (
        sa.select(ASSIGNMENT.c.owner, sa.func.count(), still_open)
        .where(ASSIGNMENT.c.rule == rule, ASSIGNMENT.c.at >= start)
        .group_by(ASSIGNMENT.c.owner)
    )
    return Counts(start, {owner: Load(*rest) for owner, *rest in record.execute(asked)})


def _rule(signal: Signal) -> str:
    return str(signal.data["route"]["rule"])
