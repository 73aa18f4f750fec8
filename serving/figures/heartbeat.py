"""The pulse of the event loop: whether it turns, and how late it was when it turned."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT_S = 0.1
LATE_S = 5.0
"""A loop that did not turn for so long is blocked: whoever watches may start the api again."""


class Heartbeat:
    """Beats in the loop that serves.

    A blocked loop answers no probe at all, which is why `/livez` is answered in it and asks neither
    a thread nor a store. The beats show what a probe between two blocks would not: timers that no
    longer come, and how long the worst block was.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: float | None = None
        self.worst_s = 0.0
        """The most that a beat was late since this was last read by `take_worst`."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)

    def beat(self) -> None:
        self.worst_s = max(self.worst_s, self.late_s())
        self._last = self._clock()

    def late_s(self) -> float:
        """By how many seconds the next beat is late; 0 before the first."""
        if self._last is None:
            return 0.0
        return max(0.0, self._clock() - self._last - BEAT_S)

    def take_worst(self) -> float:
        """The latest beat since the last look, in seconds."""
        worst, self.worst_s = max(self.worst_s, self.late_s()), 0.0
        return worst
