"""Score calls that arrive while others are being answered are answered together, by the next batch.

Nobody waits for company: a call that finds the thread idle is taken at once, alone. Under load a
batch is what came in meanwhile, so that round trips, rules and trees cost each of them a fraction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from core.errors import Unavailable
from serving.score.asks import Ask

MOST = 64
"""Calls in one batch: more would gain little and keep the first of them waiting."""

Told = list[Any]
"""The answers to one call, one a person."""


class _Waiting(NamedTuple):
    ask: Ask
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Told]


class Together:
    """`answer` blocks, and is given calls of one level of reasons, all of now. What it raises for
    several it is asked again for each, so that nobody gets the error of another.
    """

    def __init__(self, answer: Callable[[Sequence[Ask]], list[Told]], most: int = MOST) -> None:
        self._answer = answer
        self._most = most
        self._arrived: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._later: list[_Waiting] = []
        self._held = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="together", daemon=True)
        self._thread.start()

    async def ask(self, ask: Ask) -> Told:
        """Raises what `answer` raises, and Unavailable once it is closed. A call that is cancelled
        before its turn is not answered.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Told] = loop.create_future()
        with self._held:  # nothing arrives behind the last one
            if self._closed:
                raise Unavailable("no score is made any more: the api ends", do="try again shortly")
            self._arrived.put(_Waiting(ask, loop, future))
        return await future

    def close(self) -> None:
        """What has arrived is answered; who asks from now on is refused."""
        with self._held:
            self._closed = True
            self._arrived.put(None)
        self._thread.join()

    def _run(self) -> None:
        closing = False
        while not (closing and not self._later):
            if not self._later:
                first = self._arrived.get()
                if first is None:
                    return
                self._later.append(first)
            closing |= self._take_arrived()
            batch = self._next()
            if batch:
                _deliver(batch, self._results(batch))

    def _take_arrived(self) -> bool:
        """Whether the last one has arrived."""
        with suppress(Empty):
            while True:
                one = self._arrived.get_nowait()
                if one is None:
                    return True
                self._later.append(one)
        return False

    def _next(self) -> list[_Waiting]:
        """Those that can be answered with the one that has waited longest."""
        waiting = [one for one in self._later if not one.future.cancelled()]
        explain = waiting[0].ask.explain if waiting else None
        batch = [one for one in waiting if one.ask.explain is explain][: self._most]
        taken = set(map(id, batch))
        self._later = [one for one in waiting if id(one) not in taken]
        return batch

    def _results(self, batch: Sequence[_Waiting]) -> list[Told | Exception]:
        try:
            told = self._answer([one.ask for one in batch])
            return [one for one, _ in zip(told, batch, strict=True)]
        except BaseException as trouble:  # noqa: BLE001 - raised again where the call waits
            if len(batch) == 1:
                return [_as_failure(trouble)]
        return [told for one in batch for told in self._results([one])]


def _as_failure(trouble: BaseException) -> Exception:
    """What may be raised where the call waits. This thread goes on whatever it was, for the calls
    behind; there, an end of the process would end the loop, and no future takes a StopIteration.
    """
    if isinstance(trouble, Exception) and not isinstance(trouble, StopIteration):
        return trouble
    failure = RuntimeError(f"a score was ended by {trouble!r}")
    failure.__cause__ = trouble
    return failure


def _deliver(batch: Sequence[_Waiting], results: Sequence[Told | Exception]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Told | Exception]]] = {}
    for one, told in zip(batch, results, strict=True):
        by_loop.setdefault(one.loop, []).append((one, told))
    for loop, pairs in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended: nobody waits there any more
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: Sequence[tuple[_Waiting, Told | Exception]]) -> None:
    for one, told in pairs:
        if one.future.done():
            continue
        if isinstance(told, Exception):
            one.future.set_exception(told)
        else:
            one.future.set_result(told)
