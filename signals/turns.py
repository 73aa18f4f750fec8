"""The turns of one batch: who was given what so far, and who is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from core.clock import SECOND
from rules.pool import Load, Pool
from signals.types import COOLED, LOST, SUPPRESSED, WON, Signal

CLOSING = frozenset({COOLED, SUPPRESSED, WON, LOST})
"""Signals after which a lead no longer takes up room."""

Key = tuple[str, str]


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that a route gave to somebody. Times in microseconds, UTC."""

    rule: str
    lead_id: str
    account_id: str | None
    owner: str
    signal_id: str
    """The signal that it was given with; the newest one, if it had been closed in between."""
    at: int
    open: bool

    @property
    def key(self) -> Key:
        return self.rule, self.lead_id


class Counts(NamedTuple):
    """What one route gave since a moment, by owner."""

    since: int
    loads: dict[str, Load]

    def add(self, one: Assignment, sign: int) -> None:
        if one.at >= self.since:
            given, still_open = self.loads.get(one.owner, Load())
            self.loads[one.owner] = Load(given + sign, still_open + sign * one.open)


class Turns:
    """`held`: the assignments of the leads at hand; `accounts`: (route, account id) → who has the
    account's newest lead; `counts` by route. All as the record has them before the batch.
    """

    def __init__(
        self,
        held: Sequence[Assignment],
        accounts: Mapping[Key, str],
        counts: Mapping[str, Counts],
    ) -> None:
        self._held = {one.key: one for one in held}
        self._accounts = dict(accounts)
        self._counts = counts
        self._changed: dict[Key, Assignment] = {}

    def take(self, signal: Signal) -> Signal:
        """The signal, with the owner whose turn it is if its route has a round robin."""
        pool = signal.pool
        told = signal if pool is None else _owned(signal, self._owner(signal, pool))
        if signal.type in CLOSING:
            for one in list(self._held.values()):
                if one.lead_id == signal.data["lead_id"] and one.open:
                    self._put(msgspec.structs.replace(one, open=False))
        return told

    def changed(self) -> list[Assignment]:
        """What to save."""
        return list(self._changed.values())

    def _owner(self, signal: Signal, pool: Pool) -> str:
        rule, account_id = signal.data["route"]["rule"], signal.data["account_id"]
        held = self._held.get((rule, signal.data["lead_id"]))
        if held is not None and pool.has(held.owner):
            if not held.open and held.signal_id != signal.id:
                self._give(signal, held.owner)
            return held.owner
        owner = self._accounts.get((rule, account_id)) if account_id else None
        if owner is None or not pool.has(owner):
            owner = pool.next(self._counts[rule].loads)
        if owner is None:
            return pool.otherwise
        self._give(signal, owner)
        return owner

    def _give(self, signal: Signal, owner: str) -> None:
        rule, account_id = signal.data["route"]["rule"], signal.data["account_id"]
        one = Assignment(
            rule=rule,
            lead_id=signal.data["lead_id"],
            account_id=account_id,
            owner=owner,
            signal_id=signal.id,
            at=signal.time,
            open=True,
        )
        self._put(one)
        if account_id:
            self._accounts[rule, account_id] = owner

    def _put(self, one: Assignment) -> None:
        before = self._held.get(one.key)
        counts = self._counts.get(one.rule)
        if counts is not None:
            if before is not None:
                counts.add(before, -1)
            counts.add(one, 1)
        self._held[one.key] = self._changed[one.key] = one


def since(signal: Signal) -> int:
    """From when on leads are counted for the round robin of this signal's route."""
    return signal.time - (signal.pool.per_s * SECOND if signal.pool else 0)


def _owned(signal: Signal, owner: str) -> Signal:
    route = {**signal.data["route"], "owner": owner}
    return msgspec.structs.replace(signal, data={**signal.data, "route": route})
