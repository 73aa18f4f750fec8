"""Whether the online store holds all that it should: not while the worker has to fill it."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from core.clock import DAY, Clock, SystemClock
from features.online import WATERMARK, read_number

LOOK_S = 0.25
AHEAD = DAY
"""A watermark that is further ahead of the clock was not written by a worker of ours. Less may be
true: where a clock was put back, events are recorded on from the newest one's time.
"""


class Filled:
    """Asks the store a few times a second, however often it is asked itself."""

    def __init__(
        self,
        client: redis.Redis,
        clock: Clock | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._clock = clock or SystemClock()
        self._steady = steady
        self._next = float("-inf")
        self._newest = 0
        self._said = False
        self.known_to: int | None = None
        """All events recorded by then are in the store, as far as was seen here."""

    def now(self, *, afresh: bool = False) -> bool:
        """False from a start with nothing in it, or with less than was seen here before, until the
        worker has come by; and while what it says is not to be believed. `afresh` asks the store
        itself. Raises redis.RedisError.
        """
        if afresh or self._steady() >= self._next:
            watermark, now = read_number(self._client, WATERMARK), self._clock.now()
            if watermark is not None and watermark > now + AHEAD:
                watermark = None
            self._said = watermark is not None and watermark >= self._newest
            # Never ahead of the clock: a wrong word must not stand against all true ones to come.
            self._newest = min(max(self._newest, watermark or 0), now)
            self.known_to = watermark if self._said else None
            self._next = self._steady() + LOOK_S
        return self._said
