"""Looks from time to time whether the champion drifts, in a process of low priority that ends."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from core.clock import SECOND, Clock
from core.database import reading
from core.installation import Installation
from core.release import read_current
from core.settings import Models
from scoring import drifting
from serving.watches.aside import run_aside

EVERY_S = 600.0
"""Between two looks whether it is time: the time since the last look counts over restarts too."""
NICE = 19
MOST_S = 3_600.0


class DriftWatch:
    """A look whether it is time reads two rows; the look at drift is the command itself."""

    def __init__(
        self,
        installation: Installation,
        models: Models,
        engine: sa.Engine,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._installation = installation
        self._every_s = models.drift_every_s
        self._engine = engine
        self._clock = clock
        self._log = installation.logs / "drift.log"
        self._stop = stop
        self._tried_at = 0

    def look(self) -> None:
        """Waits for its end. WorkError if it failed: it is tried again when the pause is over."""
        now = self._clock.now()
        if not self._is_time(now):
            return
        self._tried_at = now
        words = ["models", "drift"]
        run_aside(words, self._installation, self._log, self._stop, nice=NICE, most_s=MOST_S)

    def _is_time(self, now: int) -> bool:
        """Never without a model."""
        with reading(self._engine) as connection:
            release = read_current(connection)
            model = f"{release.model_name}-{release.model_version}"
            looked_at = drifting.read(connection, model).looked_at
        if release.model_version is None or self._every_s is None:
            return False
        return now - max(looked_at, self._tried_at) >= self._every_s * SECOND
