"""Questions about the past: each reads the lake, so they wait for one another and for nobody else.

They have a thread of their own and a small bound of their own, apart from the scores of now: an
audit of many leads must not keep a single live call waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
WAITING = 4
"""Besides the one that is being answered: the last of them waits a few seconds."""


class Past:
    """Not thread-safe: it belongs to one event loop. `threads` has one thread."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._here = 0

    @property
    def full(self) -> bool:
        """Too many wait already: whoever asks now is to be turned away."""
        return self._here > WAITING

    async def ask(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` returns or raises, when its turn has come."""
        self._here += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._here -= 1

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
