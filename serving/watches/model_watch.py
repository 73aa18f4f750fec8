"""Follows the registry's champion, and writes down why where it cannot."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from core.clock import Clock
from core.database import reading, writing
from core.installation import Installation
from scoring import unfollowed


class ModelWatch:
    """What it met is written when it changes, not at each look: a look comes several times a
    second.
    """

    def __init__(self, installation: Installation, engine: sa.Engine, clock: Clock) -> None:
        self._installation = installation
        self._engine = engine
        self._clock = clock
        self._follow: Callable[[], None] | None = None
        self._told: str | None = None

    def look(self) -> None:
        """Raises what `Watcher.look` raises, once it is written down."""
        if self._follow is None:
            from scoring.watcher import Watcher

            self._follow = Watcher(self._installation, self._engine, self._clock).look
        try:
            self._follow()
        except Exception as fault:
            self._tell(str(fault))
            raise
        self._tell("")

    def _tell(self, trouble: str) -> None:
        if self._told is None:
            with reading(self._engine) as record:
                self._told = unfollowed.trouble(record)
        if trouble != self._told:
            with writing(self._engine) as record:
                unfollowed.tell(record, trouble, self._clock.now())
            self._told = trouble
