"""How long each step of a training took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds of each step, by its verb."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, verb: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[verb] = round(time.monotonic() - began, 2)
