"""Keeps who was answered in which arm of an experiment, without making anybody wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.database import chunks, writing
from signals.exposure import Exposure, Key, exposure_of, save
from signals.standing import Standing

_log = logging.getLogger(__name__)

MOST = 20_000
"""Leads that may wait for the disk; scores of others are dropped and counted."""
AT_ONCE = 500
"""Leads in one transaction: the record is locked for some milliseconds."""
PAUSE_S = 2.0
"""Scores of one lead in between are added up. What waits is lost if the process dies, of both arms
alike; the lead's next score tells of it again."""
MANY = 5_000
"""Leads that wait no longer: they are written at once."""


class ExposureLog:
    """Safe to use from many threads. `dropped` is called with the number of scores without room."""

    def __init__(self, engine: sa.Engine, dropped: Callable[[int], None]) -> None:
        self._engine = engine
        self._dropped = dropped
        self._waiting: dict[Key, Exposure] = {}
        self._held = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._write_until_stop, name="exposure", daemon=True)
        self._thread.start()

    def put(self, standings: Sequence[Standing], seconds: float | None = None) -> None:
        """Returns at once. `seconds` is what a call for one lead alone took."""
        if not standings or standings[0].place is None:
            return
        told = [exposure_of(one, seconds=seconds) for one in standings]
        self._add([one for one in told if one is not None])

    def close(self) -> None:
        """Writes what waits."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _add(self, exposures: Sequence[Exposure]) -> None:
        without_room = 0
        with self._held:
            for one in exposures:
                before = self._waiting.get(one.key)
                if before is not None:
                    before.add(one)
                elif len(self._waiting) < MOST:
                    self._waiting[one.key] = one
                else:
                    without_room += 1
            if len(self._waiting) >= MANY:
                self._wake.set()
        if without_room:
            self._dropped(without_room)

    def _write_until_stop(self) -> None:
        stopping = False
        while not stopping:
            self._wake.wait(PAUSE_S)
            self._wake.clear()
            stopping = self._closing
            with self._held:
                told, self._waiting = list(self._waiting.values()), {}
            refused = [one for some in chunks(told, AT_ONCE) for one in self._write(some)]
            if stopping:
                self._dropped(len(refused))
            elif refused:
                self._add(refused)
                time.sleep(PAUSE_S)

    def _write(self, some: list[Exposure]) -> list[Exposure]:
        """What the record refuses, to be tried again: scores are answered all the same."""
        try:
            with writing(self._engine) as record:
                save(record, some)
        except SQLAlchemyError as fault:
            _log.warning("exposures are not kept: %s", fault)
            return some
        return []
