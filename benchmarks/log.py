"""Accepted events a second: one sync for all who wait, against one for each."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import Bench, Size
from benchmarks.stream import visits
from benchmarks.table import Cell, Table
from benchmarks.timing import median
from core.clock import SystemClock
from events.intake.log import EventLog, NewEvent
from events.types import Door

SECONDS = {Size.TINY: 0.05, Size.QUICK: 0.5, Size.FULL: 1.0}
ROUNDS = {Size.TINY: 1, Size.QUICK: 3, Size.FULL: 3}
USED = 5_000
"""Events written before: a file that still grows takes three times as long to sync."""


class Way(NamedTuple):
    """`send` returns once its `size` events are on disk; then its sender sends the next."""

    name: str
    senders: int
    size: int
    send: Callable[[], object]


def run(bench: Bench) -> list[Table]:
    (body,) = visits(1, 1, 1, SystemClock().now())
    event = NewEvent(Door.LIVE, "segment", "bench", "127.0.0.1", "bench", body)
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as folder:
        log = EventLog(Path(folder) / "log.db")
        log.append([event] * USED).result()
        ways = [Way("plain SQLite, synced", 1, 1, _plain(Path(folder) / "plain.db", body))]
        for senders, size in ((1, 1), (16, 1), (1, 50), (16, 50)):
            ways.append(Way("event log", senders, size, _append(log, [event] * size)))
        rates: list[list[float]] = [[] for _ in ways]
        for _ in range(ROUNDS[bench.size]):
            for told, way in zip(rates, ways, strict=True):
                told.append(_rate(way, SECONDS[bench.size]))
        log.close()
    rows: list[dict[str, Cell]] = [
        {
            "way": way.name,
            "senders": way.senders,
            "at a time": way.size,
            "events/s": median(told),
            "against plain": median(told) / median(rates[0]),
        }
        for way, told in zip(ways, rates, strict=True)
    ]
    return [Table("log: events a second, on disk before they are answered", rows)]


def _append(log: EventLog, events: list[NewEvent]) -> Callable[[], object]:
    return lambda: log.append(events).result()


def _plain(path: Path, body: bytes) -> Callable[[], object]:
    """What one would write first: a commit for each event, as durable as ours."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO event (body) VALUES (?)", [(body,)] * USED)
    connection.execute("COMMIT")
    return lambda: connection.execute("INSERT INTO event (body) VALUES (?)", (body,))


def _rate(way: Way, seconds: float) -> float:
    """Events a second of all its senders together."""
    counts: list[int] = []
    os.sync()  # what the way before left to be written shall not be this one's burden
    end = time.perf_counter() + seconds

    def send() -> None:
        count = 0
        while time.perf_counter() < end:
            way.send()
            count += way.size
        counts.append(count)

    started = time.perf_counter()
    senders = [threading.Thread(target=send) for _ in range(way.senders)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return sum(counts) / (time.perf_counter() - started)
