"""A breaker: after a failure the dependency is left alone for a moment, so that nobody waits."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Closed: calls go through. Open for `rest_s` after a failure, then tried again."""

    def __init__(self, rest_s: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_s = rest_s
        self._clock = clock
        self._open_until = float("-inf")

    @property
    def closed(self) -> bool:
        return self._clock() >= self._open_until

    def trip(self) -> None:
        self._open_until = self._clock() + self._rest_s
