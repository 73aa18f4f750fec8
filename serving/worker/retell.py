"""History told anew by the worker: after an import out of order, or for a new feature.

Identities are matched again in the order in which things were known, rows are made again, and all
of it is in force with one commit. Until then everybody reads what was there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from core.database import chunks, reading
from core.installation import Installation
from core.settings import Settings
from events.archive import read_archive
from events.identity.graph import Key
from events.identity.rematch import Rematch, circle_of, everybody, owners_today, renamed
from events.identity.retold import save_retold
from events.identity.tables import LEAD, MEMBERSHIP_HISTORY
from events.types import MatchedEvent, Merge, Move, RawEvent
from features.definitions import Entity
from features.lake import Lake
from features.record import RETELL_DUE, TileRow
from features.retell import Teller, moments_of


class Anew(NamedTuple):
    """How one event was matched, without the event: those of all history would fill the memory."""

    lead_id: str
    account_id: str | None
    founded: bool
    merges: tuple[Merge, ...]
    moves: tuple[Move, ...]


class Retold:
    """What a retelling came to: rows for record and Redis, and how to save who is who."""

    def __init__(
        self,
        rows: list[TileRow],
        rematch: Rematch,
        names: Mapping[str, str],
        before: Mapping[Key, str],
        circle: set[str],
    ) -> None:
        self.rows = rows
        self._rematch = rematch
        self._names = names
        self._before = before
        self._circle = circle

    @property
    def leads(self) -> set[str]:
        """Whose identifiers may point elsewhere now."""
        return {*self._names.values()}

    def save(self, connection: sa.Connection) -> None:
        """Inside the worker's transaction."""
        save_retold(connection, self._rematch, self._names, self._before, self._circle)
        connection.execute(sa.delete(RETELL_DUE))


class Retelling:
    """One retelling, begun by a control event. Writes lake files (pending) and nothing else."""

    def __init__(
        self, raw: RawEvent, installation: Installation, settings: Settings, lake: Lake
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._memory_mb = settings.lake.memory_mb
        self._spill = installation.run / "spill"
        self._teller = Teller(lake, raw.recorded_at, raw.offset)

    def run(self, engine: sa.Engine, *, all_history: bool) -> Retold:
        """Of everybody, or of the circle of those whose history came out of order. OSError when a
        file of the lake went away meanwhile: then it can be tried again.
        """
        import duckdb

        try:
            return self._run(engine, all_history=all_history)
        except duckdb.IOException as gone:
            raise OSError(str(gone)) from gone

    def _run(self, engine: sa.Engine, *, all_history: bool) -> Retold:
        with reading(engine) as record:
            due = record.execute(sa.select(RETELL_DUE.c.lead_id)).scalars()
            circle = everybody(record) if all_history else circle_of(record, list(due))
            keys = _data_keys(record, circle)
            secret, per_lead = self._installation.secret(), self._settings.identity.per_lead
            rematch = Rematch(record, secret, per_lead)
            lake = self._installation.lake
            matched = [
                _without_event(rematch.match(one.event))
                for piece in read_archive(lake, keys, circle)
                for one in piece
            ]
            before = owners_today(record, rematch.graph.owner)
            names = rematch.names(before)
            self._tell(matched, names, keys, circle)
            self._correct(record, rematch, names, circle)
        rows = list(self._teller.newest.values())
        return Retold(rows, rematch, names, before, circle)

    def _tell(
        self,
        matched: list[Anew],
        names: Mapping[str, str],
        keys: Mapping[str, bytes],
        circle: set[str],
    ) -> None:
        """The second reading: only now is it known which id each lead is to have."""
        waiting = iter(matched)
        for piece in read_archive(self._installation.lake, keys, circle):
            self._teller.tell(list(_joined(piece, waiting, names)))

    def _correct(
        self, record: sa.Connection, rematch: Rematch, names: Mapping[str, str], circle: set[str]
    ) -> None:
        leads = sorted(circle | {*names.values()})
        accounts = sorted(_accounts(record, circle) | {
            move.account_id for move in rematch.accounts.moves if move.account_id
        })  # fmt: skip
        lake: Path = self._installation.lake
        for entity, ids in ((Entity.LEAD, leads), (Entity.ACCOUNT, accounts)):
            old = moments_of(lake, entity, ids, self._memory_mb, self._spill)
            self._teller.correct(((entity, one) for one in old), self._memory_mb, self._spill)
            known = {name for name, _ in old}
            self._teller.end((entity, name) for name in sorted(known))


def _joined(
    piece: list[MatchedEvent], waiting: Iterator[Anew], names: Mapping[str, str]
) -> Iterator[MatchedEvent]:
    for archived in piece:
        anew = next(waiting)._asdict()
        yield renamed(MatchedEvent(event=archived.event, **anew), names)


def _without_event(matched: MatchedEvent) -> Anew:
    return Anew(*(getattr(matched, name) for name in Anew._fields))


def _data_keys(record: sa.Connection, circle: set[str]) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for some in chunks(sorted(circle)):
        rows = record.execute(
            sa.select(LEAD.c.lead_id, LEAD.c.data_key).where(LEAD.c.lead_id.in_(some))
        )
        keys.update((row.lead_id, row.data_key) for row in rows)
    return keys


def _accounts(record: sa.Connection, leads: set[str]) -> set[str]:
    """Every account that one of them ever belonged to."""
    found: set[str] = set()
    for some in chunks(sorted(leads)):
        belonged = sa.select(MEMBERSHIP_HISTORY.c.account_id)
        rows = record.execute(belonged.where(MEMBERSHIP_HISTORY.c.lead_id.in_(some)))
        found |= set(rows.scalars())
    return found
