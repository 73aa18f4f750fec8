"""Keeps samples of what was answered, without making anybody wait."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.database import PRUNED_AT_ONCE, writing

_log = logging.getLogger(__name__)

WAITING = 2_000
"""Samples that may wait for the disk; what comes on top is dropped and counted."""
AT_ONCE = 250
"""Samples in one transaction: the record is locked for some milliseconds."""
PAUSE_S = 1.0
"""Few writes of many samples: each of them keeps scores waiting, however little it writes. What
waits is lost if the process dies."""
PRUNE_S = 30.0
PRUNE_AFTER = PRUNED_AT_ONCE // 2
"""Seconds, or samples written, until the next look for what is too old or too many: each reads all
that is kept, and drops more than was written since the last one.
"""

T = TypeVar("T")


class SampleLog(Generic[T]):
    """Safe to use from many threads. `write` keeps some samples, `prune` drops what is too old or
    too many; `dropped` is called with the number of samples that found no room or were refused.
    """

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        write: Callable[[sa.Connection, Sequence[T]], None],
        prune: Callable[[sa.Connection], object],
        dropped: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._name = name
        self._write_to = write
        self._prune = prune
        self._prune_at = float("-inf")
        self._written = 0
        self._dropped = dropped
        self._waiting: queue.Queue[T] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_until_stop, name=name, daemon=True)
        self._thread.start()

    def put(self, samples: Sequence[T]) -> None:
        """Returns at once."""
        for at, one in enumerate(samples):
            try:
                self._waiting.put_nowait(one)
            except queue.Full:
                self._dropped(len(samples) - at)
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

    def _take(self) -> list[T]:
        some: list[T] = []
        while len(some) < AT_ONCE:
            try:
                some.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return some

    def _write(self, some: Sequence[T]) -> None:
        """A sample that the disk refuses is dropped: scores are answered all the same."""
        try:
            with writing(self._engine) as record:
                self._write_to(record, some)
                self._written += len(some)
                if self._prune_is_due():
                    self._prune(record)
                    self._written, self._prune_at = 0, time.monotonic() + PRUNE_S
        except SQLAlchemyError as fault:
            _log.warning("%s are not kept: %s", self._name, fault)
            self._dropped(len(some))

    def _prune_is_due(self) -> bool:
        """Also at the end, as nobody knows when there will be a next time."""
        late = time.monotonic() >= self._prune_at
        return late or self._written >= PRUNE_AFTER or self._stop.is_set()
