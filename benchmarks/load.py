"""A load generator that costs little itself: raw HTTP/1.1 over kept connections, in one loop."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import uvloop


class Load(NamedTuple):
    """How it went: the seconds of each request, and of all of them together."""

    each: list[float]
    """Of those that were answered."""
    seconds: float
    refused: int = 0
    """Turned away with 503: more than the service would take."""

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds


def post(port: int, path: str, body: bytes, key: str = "") -> bytes:
    """A request, ready to be written."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\n" if key else ""
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def drive(port: int, requests: Sequence[bytes], connections: int = 1) -> Load:
    """Sends them all, one at a time on each connection. RuntimeError on other answers than
    200 and 503.
    """
    with uncollected():
        return uvloop.run(_drive(port, requests, connections))


async def _drive(port: int, requests: Sequence[bytes], connections: int) -> Load:
    each: list[float] = []
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    started = time.perf_counter()
    refused = await asyncio.gather(
        *(
            _send(reader, writer, requests[at::connections], each)
            for at, (reader, writer) in enumerate(opened)
        )
    )
    seconds = time.perf_counter() - started
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    return Load(each, seconds, sum(refused))


def steady(port: int, requests: Sequence[bytes], rate: float, connections: int = 64) -> Load:
    """Open loop: sends `rate` of them a second, whether the earlier ones were answered or not.

    A request's seconds count from when it was due, so that one that waited behind a slow answer is
    slow as well. RuntimeError on other answers than 200 and 503.
    """
    with uncollected():
        return uvloop.run(_steady(port, requests, rate, connections))


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing in here waits for Python's cycle collector, which takes a third of a second where as
    much is imported as the benchmarks do: all of it would be told of the server.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _steady(port: int, requests: Sequence[bytes], rate: float, connections: int) -> Load:
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    for connection in opened:
        free.put_nowait(connection)
    each: list[float] = []
    under_way: list[asyncio.Task[int]] = []

    async def one(request: bytes, due: float) -> int:
        connection = await free.get()
        sent: list[float] = []
        refused = await _send(*connection, [request], sent)
        if sent:
            each.append(time.perf_counter() - due)
        free.put_nowait(connection)
        return refused

    def begin(at: int, due: float) -> None:
        under_way.append(asyncio.create_task(one(requests[at], due)))

    loop, started = asyncio.get_running_loop(), time.perf_counter()
    moments = [started + at / rate for at in range(len(requests))]
    await asyncio.to_thread(_pace, moments, lambda *due: loop.call_soon_threadsafe(begin, *due))
    refused = await asyncio.gather(*under_way)
    seconds = time.perf_counter() - started
    for _, writer in opened:
        writer.close()
        await writer.wait_closed()
    return Load(each, seconds, sum(refused))


def _pace(moments: Sequence[float], begin: Callable[[int, float], object]) -> None:
    """Calls `begin` at each moment. A thread of its own sleeps to a tenth of a millisecond; the
    loop's own timers count in whole ones, and are early or late by half of that.
    """
    for at, due in enumerate(moments):
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        begin(at, due)


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    requests: Sequence[bytes],
    each: list[float],
) -> int:
    """How many were turned away; the seconds of the others are put into `each`."""
    refused = 0
    for request in requests:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        if head.startswith(b"HTTP/1.1 200"):
            each.append(time.perf_counter() - started)
        elif head.startswith(b"HTTP/1.1 503"):
            refused += 1
        else:
            raise RuntimeError(f"refused: {head.splitlines()[0]!r} {body[:300]!r}")
    return refused


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError(f"an answer without a length: {head[:200]!r}")
