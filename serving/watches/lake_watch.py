"""Tends the lake from time to time, in a process of low priority that ends."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from core.clock import DAY, SECOND, Clock
from core.installation import Installation
from core.settings import Lake
from features.compact import is_due
from serving.watches.aside import run_aside


class LakeWatch:
    """Merging takes a core for seconds; what it holds of memory goes back with the process."""

    def __init__(
        self,
        installation: Installation,
        settings: Lake,
        engine: sa.Engine,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._log = installation.logs / "compact.log"
        self._stop = stop
        self._next_retention = 0

    def look(self) -> None:
        """Starts the work if there is any and waits for its end. WorkError if it failed.

        Asked to stop it is killed: a merge that dies leaves nothing half done.
        """
        now = self._clock.now()
        retention = self._settings.keep_days is not None and now >= self._next_retention
        swept_before = now - int(self._settings.grace_s * SECOND)
        if not retention and not is_due(self._engine, swept_before, now):
            return
        words = ["features", "compact", *(["--retain"] if retention else [])]
        run_aside(words, self._installation, self._log, self._stop)
        if retention:
            self._next_retention = now + DAY
