"""Keeps Redis level with the record: batch by batch, and what it lost when it came back with less.

How far it is Redis says itself: what it wrote to a server that died, or to one whose replica lagged
behind, the worker cannot know.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

import redis
import sqlalchemy as sa

from core.database import chunks, reading, writing
from events.identity.index import IdentifierIndex
from events.identity.tables import LEAD
from events.progress import Progress, save
from features.definitions import Entity
from features.online import OnlineStore
from features.record import TileRow, changed_since
from serving.score.beside import beside_to_write
from serving.worker.evictions import Evictions

_log = logging.getLogger(__name__)


class OnlineSync:
    """The worker writes through this. Redis away costs nothing but freshness: what was missed is
    written again from the record, from `progress.online_offset` on.
    """

    def __init__(
        self,
        engine: sa.Engine,
        store: OnlineStore,
        index: IdentifierIndex,
        evictions: Evictions | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._index = index
        self._evictions = evictions
        self._level = False

    def write(
        self,
        progress: Progress,
        rows: Sequence[TileRow],
        leads: Collection[str],
        judged: Iterable[str] = (),
    ) -> None:
        """After a commit: this batch's rows, the identifiers of `leads`, and what is known of all
        these and of the `judged` ones besides; if Redis fails, `catch_up` does it later.
        """
        if not self._level:
            return
        touched = {row.id for row in rows if row.entity is Entity.LEAD}.union(leads, judged)
        try:
            with reading(self._engine) as record:
                self._store.write(rows, beside_to_write(record, touched))
                self._index.write(record, leads)
            # In a step of its own: it must not stand if one of the rows was refused.
            self._tell_if_whole(progress)
        except redis.RedisError as fault:
            _log.warning("online store: %s; serving goes on from the record", fault)
            self._level = False

    def advance(self, progress: Progress) -> None:
        """After a commit that changed nothing but the watermark."""
        if not self._level:
            return
        try:
            self._tell_if_whole(progress)
        except redis.RedisError as fault:
            _log.warning("online store: %s; serving goes on from the record", fault)
            self._level = False

    def rejudged(self, lead_ids: Iterable[str]) -> None:
        """After a commit that changed nothing but where these leads stand."""
        if not self._level:
            return
        try:
            with reading(self._engine) as record:
                self._store.write((), beside_to_write(record, lead_ids))
        except redis.RedisError as fault:
            _log.warning("online store: %s; serving goes on from the record", fault)
            self._level = False

    def catch_up(self, progress: Progress) -> bool:
        """Between batches: True when Redis is level with the record now."""
        try:
            self._look_for_evictions()
            reached, watermark = self._store.filled_to(), self._store.watermark()
            if self._level and (reached, watermark) == (progress.offset, progress.watermark):
                return True
            self._level = False
            self._store.set_watermark(None)
            if self._evictions and self._evictions.press():
                return False
            self._fill(_due_after(reached, progress))
            self._tell(progress)
            with writing(self._engine) as record:
                save(record, progress)
            self._level = True
        except redis.RedisError as fault:
            if self._level:
                _log.warning("online store: %s; trying again", fault)
            self._level = False
        return self._level

    def _tell_if_whole(self, progress: Progress) -> None:
        """Not where earlier rows are gone, for then nothing would tell that they are."""
        if self._store.filled_to() == progress.online_offset:
            self._tell(progress)
        else:
            self._level = False

    def _tell(self, progress: Progress) -> None:
        """All rows are written: first for the next worker, then for those who read."""
        self._store.mark_filled(progress.offset)
        self._store.set_watermark(progress.watermark)
        progress.online_offset = progress.offset

    def _look_for_evictions(self) -> None:
        """Which rows are gone nobody knows: all of them are written again."""
        if self._evictions and (gone := self._evictions.noticed()):
            _log.warning(
                "the online store threw out %d keys to make room; it is filled again. Give it more "
                "memory and `maxmemory-policy noeviction`",
                gone,
            )
            self._store.unmark()

    def _fill(self, after: int) -> None:
        """Tiles changed after an offset; the identifiers of all leads and what is known of them
        besides, which also time alone may change.
        """
        with reading(self._engine) as record:
            for rows in changed_since(record, after):
                self._store.write(rows)
            leads = list(record.execute(sa.select(LEAD.c.lead_id)).scalars())
            for some in chunks(leads):
                self._store.write((), beside_to_write(record, some))
            self._index.write(record, leads)
        _log.info("online store filled from offset %d", after)


def _due_after(reached: int | None, progress: Progress) -> int:
    """The offset after which rows have to be written again; all of them for a store that is ahead
    of the record, for then it was filled from another one or the record is a restored copy.
    """
    if reached is None or reached > progress.offset:
        return 0
    return min(reached, progress.online_offset)
