"""Tends the lake from time to time, in a process of low priority that ends."""

from __future__ import annotations

import subprocess
import sys
import threading

import sqlalchemy as sa

from core.clock import DAY, SECOND, Clock
from core.errors import WorkError
from core.installation import Installation
from core.settings import Lake
from features.compact import is_due

_LOOK_S = 0.5


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
        self._command = [
            *("nice", "-n", "19"),
            *(sys.executable, "-m", "cli", "features", "compact"),
            *("--data", str(installation.root)),
        ]
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._log = installation.logs / "compact.log"
        self._stop = stop
        self._next_retention = 0

    def look(self) -> None:
        """Starts the work if there is any and waits for its end. WorkError if it failed."""
        now = self._clock.now()
        retention = self._settings.keep_days is not None and now >= self._next_retention
        swept_before = now - int(self._settings.grace_s * SECOND)
        if not retention and not is_due(self._engine, swept_before, now):
            return
        self._run([*self._command, *(["--retain"] if retention else [])])
        if retention:
            self._next_retention = now + DAY

    def _run(self, command: list[str]) -> None:
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
            while process.poll() is None:
                if self._stop.wait(_LOOK_S):
                    process.kill()  # a merge that dies leaves nothing half done
                    process.wait()
                    return
        if process.returncode != 0:
            words = self._log.read_text(errors="replace").strip() or "it left no word"
            raise WorkError(f"the lake was not tended: {words.splitlines()[-1]}")
