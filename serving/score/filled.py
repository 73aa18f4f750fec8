"""Whether the online store holds all that it should: not while the worker has to fill it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis

from features.online import WATERMARK

LOOK_S = 0.25


class Filled:
    """Asks the store a few times a second, however often it is asked itself."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._next = float("-inf")
        self._newest = 0
        self._said = False
        self.known_to: int | None = None
        """All events recorded by then are in the store, as far as was seen here."""

    def now(self) -> bool:
        """False from a start with nothing in it, or with less than was seen here before, until the
        worker has come by. Raises redis.RedisError.
        """
        if self._clock() >= self._next:
            told: Any = self._client.get(WATERMARK)
            watermark = -1 if told is None else int(told)
            self._said = watermark >= self._newest
            self._newest = max(self._newest, watermark)
            self.known_to = watermark if self._said else None
            self._next = self._clock() + LOOK_S
        return self._said
