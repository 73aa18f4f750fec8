"""Trains anew from time to time, in a process of low priority that ends."""

from __future__ import annotations

import threading

from core.installation import Installation
from core.settings import Models
from serving.watches.aside import run_aside

NICE = 10


class RetrainWatch:
    """The command itself knows whether it is time, and waits longer after each failure: a look
    costs less than a second of a core.
    """

    def __init__(self, installation: Installation, models: Models, stop: threading.Event) -> None:
        self._installation = installation
        self._most_s = models.retrain_most_s
        self._log = installation.logs / "retrain.log"
        self._stop = stop

    def look(self) -> None:
        """Waits for its end. WorkError if it failed or took too long; asked to stop it is killed,
        and what serves stays.
        """
        run_aside(
            ["retrain"],
            self._installation,
            self._log,
            self._stop,
            nice=NICE,
            most_s=self._most_s,
            keep_log=True,
        )
