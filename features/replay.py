"""replay: the archive through today's definitions, for features that old rows do not know yet.

Each row is made again for the moment at which it was first known, with a newer created time: Feast
takes the newest row of a moment, so the old ones are shadowed and nothing is read half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from events.enrichment.enrich import enrich
from events.types import MatchedEvent
from features.batch import Batch, Held, Name
from features.definitions import Entity
from features.record import TileRow
from features.tiles import Tiles
from features.update import names_of


class Replay:
    """Holds the tiles of all entities while it runs: about 20 KB a lead."""

    def __init__(self, created: int, offset: int) -> None:
        self._created = created
        self._offset = offset
        self._held: dict[Name, Held] = {}
        self._members: dict[str, set[str]] = {}

    def rows(self, archive: Iterable[Sequence[MatchedEvent]]) -> Iterator[list[TileRow]]:
        """The rows of each piece of the archive, which comes in the log's order."""
        for piece in archive:
            enriched = enrich(piece)
            for name in names_of(enriched):
                self._held.setdefault(name, Held(Tiles()))
            batch = Batch(self._held, self._members_of)
            for one in enriched:
                batch.take(one)
            self._settle(piece)
            yield [
                msgspec.structs.replace(row, created=self._created, offset=self._offset)
                for row in batch.rows()
            ]

    def _members_of(self, account_id: str) -> set[str]:
        """As of the beginning of the piece; the batch adds the piece's own moves."""
        return self._members.get(account_id, set())

    def _settle(self, piece: Sequence[MatchedEvent]) -> None:
        for one in piece:
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


def newest(rows: Iterable[TileRow], held: dict[tuple[Entity, str], TileRow]) -> None:
    """Keeps each entity's last row: what the record and Redis hold in the end."""
    for row in rows:
        held[row.entity, row.id] = row
