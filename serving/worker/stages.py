"""Where time goes: a stage is a block with a name, which somebody may count or nobody."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

StageOf = Callable[[str], AbstractContextManager[object]]
_NOTHING = nullcontext()


def untimed(name: str) -> AbstractContextManager[object]:  # noqa: ARG001
    """A stage that nobody counts, and that costs nothing."""
    return _NOTHING


class Stages:
    """The worker's, added up: `with stages("match"): …` adds its time to `seconds["match"]`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - started
