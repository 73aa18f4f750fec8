"""The states that decisions start from, kept in the record; one statement a chunk, none a lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks, upsert
from signals.tables import ACCOUNT_STATE, BAND_STATE
from signals.types import AccountState, BandState


def load(connection: sa.Connection, lead_ids: Iterable[str]) -> dict[str, BandState]:
    """Lead id → state; leads that were never looked at live are left out."""
    found = {}
    for part in chunks(list(lead_ids)):
        asked = sa.select(BAND_STATE).where(BAND_STATE.c.lead_id.in_(part))
        for row in connection.execute(asked):
            found[row.lead_id] = BandState(**row._mapping)
    return found


def save(connection: sa.Connection, states: Sequence[BandState]) -> None:
    upsert(BAND_STATE, connection, [msgspec.structs.asdict(state) for state in states])


def load_accounts(connection: sa.Connection, account_ids: Iterable[str]) -> dict[str, AccountState]:
    """Account id → state; accounts of which nothing was ever decided are left out."""
    found = {}
    for part in chunks(list(account_ids)):
        asked = sa.select(ACCOUNT_STATE).where(ACCOUNT_STATE.c.account_id.in_(part))
        for row in connection.execute(asked):
            found[row.account_id] = AccountState(**row._mapping)
    return found


def save_accounts(connection: sa.Connection, states: Sequence[AccountState]) -> None:
    upsert(ACCOUNT_STATE, connection, [msgspec.structs.asdict(state) for state in states])


def due(connection: sa.Connection, now: int, limit: int) -> list[tuple[str, int]]:
    """(lead id, the `rescore_at` that came due), longest overdue first."""
    asked = (
        sa.select(BAND_STATE.c.lead_id, BAND_STATE.c.rescore_at)
        .where(BAND_STATE.c.rescore_at <= now)
        .order_by(BAND_STATE.c.rescore_at)
        .limit(limit)
    )
    return [(row.lead_id, row.rescore_at) for row in connection.execute(asked)]


def absorb(connection: sa.Connection, merges: Mapping[str, str]) -> None:
    """Absorbed lead id → survivor, in the order of the merges; the absorbed states go."""
    states = load(connection, {*merges, *merges.values()})
    changed = {}
    for absorbed, survivor in merges.items():
        if absorbed in states:
            changed[survivor] = join(states.get(survivor), states.pop(absorbed), survivor)
            states[survivor] = changed[survivor]
    for part in chunks(list(merges)):
        connection.execute(sa.delete(BAND_STATE).where(BAND_STATE.c.lead_id.in_(part)))
    save(connection, [state for lead_id, state in changed.items() if lead_id not in merges])


def join(survivor: BandState | None, absorbed: BandState, survivor_id: str) -> BandState:
    """One person, so one cooldown: whoever heard of either half is not told again."""
    if survivor is None:
        return msgspec.structs.replace(absorbed, lead_id=survivor_id)
    better = max(survivor, absorbed, key=lambda state: state.priority)
    sent = {
        name: max(survivor.sent.get(name, 0), absorbed.sent.get(name, 0))
        for name in {**survivor.sent, **absorbed.sent}
    }
    told = survivor.told or absorbed.told
    return msgspec.structs.replace(better, lead_id=survivor_id, told=told, sent=sent)
