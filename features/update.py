"""update: enriched events → tile rows, one for each entity and distinct moment of knowledge."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from events.identity.members import leads_of
from events.types import EnrichedEvent
from features.batch import Batch, Held, Name
from features.definitions import Entity
from features.older import renewed
from features.record import TileRow, read_rows
from features.tiles import Tiles, decode

KEPT = 50_000
"""Entities whose decoded tiles stay in memory: the worker alone changes them."""


class Updater:
    """Holds decoded tiles between batches. After a batch that did not commit: `forget`."""

    def __init__(self) -> None:
        self._held: OrderedDict[Name, Held] = OrderedDict()
        self.late: set[str] = set()
        """Of the newest batch: leads whose history came out of order, to be told anew."""

    def forget(self) -> None:
        self._held.clear()

    def update(self, connection: sa.Connection, enriched: Sequence[EnrichedEvent]) -> list[TileRow]:
        """The rows of a batch, in the order of its events. Reads only.

        An event known earlier than its entity's newest row counts from that row on, until the
        history of its lead is told anew (`late`).
        """
        self._load(connection, names_of(enriched))
        batch = Batch(self._held, lambda account: self._members(connection, account))
        for one in enriched:
            batch.take(one)
        self.late = batch.late
        return batch.rows()

    def shrink(self) -> None:
        """Lets go of what was not touched for longest; between batches only."""
        while len(self._held) > KEPT:
            self._held.popitem(last=False)

    def blobs(
        self, connection: sa.Connection, entity: Entity, ids: Iterable[str]
    ) -> dict[str, bytes]:
        """The newest tiles of these entities, as they are written: from memory where they are
        there.
        """
        names = [(entity, one) for one in ids]
        self._load(connection, names)
        return {one: self._held[entity, one].blob for _, one in names}

    def _load(self, connection: sa.Connection, names: Sequence[Name]) -> None:
        for entity in Entity:
            missing = [one for kind, one in names if kind is entity]
            wanted = [one for one in missing if (entity, one) not in self._held]
            for row in read_rows(connection, entity, wanted):
                blob = renewed(row.blob)
                self._held[entity, row.id] = Held(decode(blob), blob, row.known_at)
        for name in names:
            if name in self._held:
                self._held.move_to_end(name)
            else:
                self._held[name] = Held(Tiles())

    def _members(self, connection: sa.Connection, account: str) -> set[str]:
        leads = leads_of(connection, account)
        self._load(connection, [(Entity.LEAD, lead_id) for lead_id in sorted(leads)])
        return leads


def names_of(enriched: Sequence[EnrichedEvent]) -> list[Name]:
    """All entities that a batch touches, merges and moves included."""
    leads: dict[str, None] = {}
    accounts: dict[str | None, None] = {}
    for one in enriched:
        matched = one.matched
        leads[matched.lead_id] = None
        accounts[matched.account_id] = None
        for joined in matched.merges:
            leads[joined.survivor] = leads[joined.absorbed] = None
            accounts[joined.survivor_account] = accounts[joined.absorbed_account] = None
        for move in matched.moves:
            accounts[move.before] = accounts[move.after] = None
    named = [(Entity.ACCOUNT, account) for account in accounts if account]
    return [*((Entity.LEAD, lead_id) for lead_id in leads), *named]
