"""Keeps a sample of what was served, for parity and drift, without making anybody wait."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.clock import DAY, Clock
from core.database import writing
from core.settings import Features
from features.marked import Mark
from features.served import prune_served, write_served
from features.vector import FeatureVector

_log = logging.getLogger(__name__)

WAITING = 2_000
"""Vectors that may wait for the disk; what comes on top is dropped and counted."""
AT_ONCE = 250
"""Vectors in one transaction: the record is locked for some milliseconds."""
PAUSE_S = 0.2

Told = tuple[FeatureVector, Mark]


class ServedLog:
    """Safe to use from many threads. `draw` gives numbers from 0 to below 1; `dropped` is called
    with the number of vectors that found no room.
    """

    def __init__(
        self,
        engine: sa.Engine,
        settings: Features,
        clock: Clock,
        draw: Callable[[], float],
        dropped: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._dropped = dropped
        self._waiting: queue.Queue[Told] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_until_stop, name="served", daemon=True)
        self._thread.start()

    def wants(self) -> bool:
        """Whether this call belongs to the sample."""
        return self._draw() < self._settings.served_sample

    def put(self, vectors: Sequence[FeatureVector], marks: Sequence[Mark]) -> None:
        """Returns at once."""
        for at, told in enumerate(zip(vectors, marks, strict=True)):
            try:
                self._waiting.put_nowait(told)
            except queue.Full:
                self._dropped(len(vectors) - at)
                return

    def close(self) -> None:
        """Writes what waits."""
        self._stop.set()
        self._thread.join()

    def _write_until_stop(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(PAUSE_S)
            while some := self._take():
                self._write(some)

    def _take(self) -> list[Told]:
        some: list[Told] = []
        while len(some) < AT_ONCE:
            try:
                some.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return some

    def _write(self, some: Sequence[Told]) -> None:
        """A sample that the disk refuses is dropped: scores are answered all the same."""
        oldest = self._clock.now() - self._settings.served_days * DAY
        try:
            with writing(self._engine) as record:
                write_served(record, some)
                prune_served(record, self._settings.served_kept, oldest)
        except SQLAlchemyError as fault:
            _log.warning("served vectors are not kept: %s", fault)
            self._dropped(len(some))
