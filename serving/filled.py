"""Whether the online store holds all that it should: not while the worker has to fill it."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from features.online import WATERMARK

LOOK_S = 0.25


class Filled:
    """Asks the store a few times a second, however often it is asked itself."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._next = float("-inf")
        self._said = False

    def now(self) -> bool:
        """False from a start with nothing in it until the worker has come by. Raises
        redis.RedisError.
        """
        if self._clock() >= self._next:
            self._said = bool(self._client.exists(WATERMARK))
            self._next = self._clock() + LOOK_S
        return self._said
