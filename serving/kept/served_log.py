"""Keeps a sample of what was served, for parity and drift, without making anybody wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from core.clock import DAY, Clock
from core.settings import Features
from features.marked import Mark
from features.served import prune_served, write_served
from features.vector import FeatureVector
from serving.kept.sample_log import SampleLog

MOST_OF_A_CALL = 50
"""Vectors kept of one batch: to write one down takes twice as long as to make a score of it."""

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
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._log: SampleLog[Told] = SampleLog(
            engine, "served vectors", write_served, self._prune, dropped
        )

    def wants(self) -> bool:
        """Whether this call belongs to the sample."""
        return self._draw() < self._settings.served_sample

    def put(self, vectors: Sequence[FeatureVector], marks: Sequence[Mark]) -> None:
        """Returns at once, and keeps `MOST_OF_A_CALL` at most, evenly from first to last."""
        step = -(-len(vectors) // MOST_OF_A_CALL) or 1
        self._log.put(list(zip(vectors[::step], marks[::step], strict=True)))

    def close(self) -> None:
        """Writes what waits."""
        self._log.close()

    def _prune(self, record: sa.Connection) -> None:
        oldest = self._clock.now() - self._settings.served_days * DAY
        prune_served(record, self._settings.served_kept, oldest)
