"""An open-loop load beyond what a service can take: calls are due, whatever comes back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from typing import NamedTuple, cast

import uvloop

from benchmarks.load import uncollected

PATIENCE_S = 1.0
"""A call that is not answered so soon after it was due helped nobody."""
LOOK_S = 0.002


class Second(NamedTuple):
    """What became of the calls that were due in one second."""

    good: int
    """200, within `PATIENCE_S` of being due."""
    late: int
    turned: int
    """503."""
    unsent: int
    """No connection was free: all waited for an answer, or to be read again."""

    @property
    def due(self) -> int:
        return sum(self)


class Flood(NamedTuple):
    seconds: list[Second]
    waits: list[list[float]]
    """Of the answered ones of each second, from when they were due."""
    others: Counter[str]
    """Answers that were neither 200 nor 503, by their first line."""


def flood(port: int, requests: Sequence[bytes], rates: Sequence[float], connections: int) -> Flood:
    """For each rate a second of calls, on as many kept connections. Each has one call under way."""
    with uncollected():
        return uvloop.run(_flood(port, requests, rates, connections))


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._held = b""
        self._due = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._desk.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        if self._transport is None:
            self._desk.lost()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, body = self._held.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self._held = b""
            self._desk.ended(self, head, self._due)


class _Desk:
    """Hands calls to free connections and counts what becomes of them."""

    def __init__(self, requests: Sequence[bytes], began: float) -> None:
        self.free: deque[_Line] = deque()
        self._requests = requests
        self._began = began
        self._sent = 0
        self._counts: Counter[tuple[int, str]] = Counter()
        self._waits: defaultdict[int, list[float]] = defaultdict(list)
        self.others: Counter[str] = Counter()

    def due(self, moment: float) -> None:
        """Sent now or never: a queue here would only make calls late before they are sent."""
        if not self.free:
            self._count("unsent", moment)
            return
        request = self._requests[self._sent % len(self._requests)]
        self._sent += 1
        self.free.popleft().send(request, moment)

    def ended(self, line: _Line, head: bytes, due: float) -> None:
        took = time.perf_counter() - due
        if head.startswith(b"HTTP/1.1 200"):
            self._count("good" if took <= PATIENCE_S else "late", due)
            self._waits[self._second(due)].append(took)
        elif head.startswith(b"HTTP/1.1 503"):
            self._count("turned", due)
        else:
            self.others[head.partition(b"\r\n")[0].decode()] += 1
        self.free.append(line)

    def lost(self) -> None:
        self.others["the connection was closed"] += 1

    def seconds(self, number: int) -> list[Second]:
        return [
            Second(*(self._counts[at, name] for name in Second._fields)) for at in range(number)
        ]

    def waits(self, number: int) -> list[list[float]]:
        return [self._waits[at] for at in range(number)]

    def _count(self, name: str, due: float) -> None:
        self._counts[self._second(due), name] += 1

    def _second(self, due: float) -> int:
        return int(due - self._began)


async def _flood(
    port: int, requests: Sequence[bytes], rates: Sequence[float], connections: int
) -> Flood:
    loop = asyncio.get_running_loop()
    desk = _Desk(requests, 0.0)
    for _ in range(connections):
        await loop.create_connection(lambda: _Line(desk), "127.0.0.1", port)
    desk._began = began = time.perf_counter()
    for at, rate in enumerate(rates):
        for call in range(int(rate)):
            moment = began + at + call / rate
            if (early := moment - time.perf_counter()) > 0:
                await asyncio.sleep(max(early, LOOK_S))
            desk.due(moment)
        await asyncio.sleep(0)
    await asyncio.sleep(PATIENCE_S)
    return Flood(desk.seconds(len(rates)), desk.waits(len(rates)), desk.others)


def _length(head: bytes) -> int:
    told = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(told or 0)
