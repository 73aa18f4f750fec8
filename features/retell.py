"""retell: rows made anew from events in the order in which they were known.

For features that old rows do not know yet, and for history that was imported out of order. Each row
gets the moment at which it was first known and a newer created time: of two rows of one moment the
point-in-time join takes the newest created, so nothing is read half and nothing has to be removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from events.enrichment.enrich import enrich
from events.types import MatchedEvent
from features.batch import Batch, Held, Name
from features.definitions import Entity
from features.duck import opened
from features.lake import Lake
from features.names import KEYS, KNOWN_AT, VIEWS
from features.newest import newest
from features.record import TileRow
from features.tiles import Tiles
from features.update import names_of

Moment = tuple[str, int]
"""An entity's id and a moment of knowledge."""


class Teller:
    """Holds the tiles of all entities of the circle while it runs: about 20 KB a lead."""

    def __init__(self, lake: Lake, recorded_at: int, offset: int) -> None:
        self._lake = lake
        self._recorded_at = recorded_at
        self._offset = offset
        self._parts = 0
        self._held: dict[Name, Held] = {}
        self._members: dict[str, set[str]] = {}
        self._moments: dict[Entity, set[Moment]] = {entity: set() for entity in Entity}
        self.newest: dict[Name, TileRow] = {}
        """What the record and Redis hold in the end."""

    def tell(self, matched: Sequence[MatchedEvent]) -> None:
        """Takes the next events, by (known_at, offset), and writes their rows (pending)."""
        enriched = enrich(matched)
        for name in names_of(enriched):
            self._held.setdefault(name, Held(Tiles()))
        batch = Batch(self._held, lambda account: self._members.get(account, set()))
        for one in enriched:
            batch.take(one)
        for settled in matched:
            self._settle(settled)
        self._write(batch.rows())

    def correct(self, old: Iterable[tuple[Entity, Moment]], memory_mb: int, spill: Path) -> None:
        """Rows of before that have no successor: what is true of their moment stands over them."""
        stale: dict[Entity, list[Moment]] = {entity: [] for entity in Entity}
        for entity, moment in old:
            if moment not in self._moments[entity]:
                stale[entity].append(moment)
        for entity, moments in stale.items():
            files = self._lake.pending(VIEWS[entity])
            true = newest(files, entity, moments, memory_mb, spill) if files and moments else {}
            self._write([self._row(entity, *moment, true.get(moment, b"")) for moment in moments])

    def end(self, entities: Iterable[Name]) -> None:
        """Entities of before of which no event tells any more: they hold nothing."""
        gone = [name for name in entities if name not in self._held]
        self._write([self._row(*name, self._recorded_at, b"") for name in gone])

    def _row(self, entity: Entity, entity_id: str, known_at: int, blob: bytes) -> TileRow:
        return TileRow(entity, entity_id, known_at, self._recorded_at, self._offset, blob)

    def _write(self, rows: Sequence[TileRow]) -> None:
        told = [
            msgspec.structs.replace(row, created=self._recorded_at, offset=self._offset)
            for row in rows
        ]
        if not told:
            return
        self._parts += 1
        self._lake.write_rows(told, (self._offset, self._offset), self._recorded_at, self._parts)
        for row in told:
            self._moments[row.entity].add((row.id, row.known_at))
            held = self.newest.get((row.entity, row.id))
            if held is None or held.known_at <= row.known_at:
                self.newest[row.entity, row.id] = row

    def _settle(self, one: MatchedEvent) -> None:
        for merge in one.merges:
            self._move(merge.absorbed, merge.absorbed_account, None)
            self._move(merge.survivor, merge.survivor_account, merge.account)
        for move in one.moves:
            self._move(move.lead_id, move.before, move.after)

    def _move(self, lead_id: str, before: str | None, after: str | None) -> None:
        if before:
            self._members.get(before, set()).discard(lead_id)
        if after:
            self._members.setdefault(after, set()).add(lead_id)


def moments_of(
    lake: Path, entity: Entity, ids: Sequence[str], memory_mb: int, spill: Path
) -> list[Moment]:
    """Every moment of which the lake holds a row of these entities."""
    if not ids or not any((lake / VIEWS[entity]).glob("**/*.parquet")):
        return []
    key = KEYS[entity]
    query = f"""
        SELECT DISTINCT {key}, epoch_us({KNOWN_AT}) FROM read_parquet(?)
        WHERE {key} IN (SELECT unnest(?))
    """  # noqa: S608 - names of our own, no values
    files = str(lake / VIEWS[entity] / "**" / "*.parquet")
    with opened(memory_mb, spill) as duck:
        return [(row[0], row[1]) for row in duck.execute(query, [files, list(ids)]).fetchall()]
