"""Brings Feast's registry up to the code after an upgrade, or in a new installation."""

from __future__ import annotations

import threading

from core.installation import Installation
from features.applied import is_current
from serving.watches.aside import run_aside

EVERY_S = 5.0


class RegistryWatch:
    """A look reads one small file. Feast starts, in a process of its own, only if there is need."""

    def __init__(self, installation: Installation, stop: threading.Event) -> None:
        self._installation = installation
        self._stop = stop

    def look(self) -> None:
        """WorkError when the definitions could not be applied."""
        if not is_current(self._installation):
            log = self._installation.logs / "apply.log"
            run_aside(["features", "apply"], self._installation, log, self._stop)
