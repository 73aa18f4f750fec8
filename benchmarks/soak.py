"""Ten minutes at 80 % of what the api can answer: whether it grows, slows down or fails."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from statistics import linear_regression
from typing import NamedTuple

from benchmarks.bench import SEED, Bench, Size
from benchmarks.cores import resident_mb, two_cores
from benchmarks.load import Load, drive, steady
from benchmarks.score import SHORT, apart, put_in_force, run_api
from benchmarks.table import Cell, Table
from benchmarks.timing import median, quantile, spread
from benchmarks.ways import CONNECTIONS, asked_of, ours
from core.clock import SystemClock
from serving.keys import KeyKind, create
from serving.running.embedded import free_port

SHARE = 0.8
PART_S = {Size.TINY: 0.1, Size.QUICK: 6.0, Size.FULL: 60.0}
"""Seconds of a row of the table, for which the memory is read once at its end."""
PARTS = {Size.TINY: 3, Size.QUICK: 10, Size.FULL: 10}
WARM_S = {Size.TINY: 0.1, Size.QUICK: 20.0, Size.FULL: 120.0}
"""Seconds of the same load before the first part: caches fill, and the heap takes its shape."""
CALLS = {Size.TINY: 10, Size.QUICK: 8_000, Size.FULL: 20_000}
"""Of a closed loop that finds what can be answered: the least of a few counts."""
LOOPS = 3


class Part(NamedTuple):
    load: Load
    memory: float
    """MiB at its end."""


class Warmed(NamedTuple):
    seconds: float
    cold: float
    """MiB before it …"""
    memory: float
    """… and after."""


def run(bench: Bench) -> list[Table]:
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    with ExitStack() as opened:
        pid = opened.enter_context(run_api(place, port))
        if (cores := two_cores()) is not None:
            opened.enter_context(apart(place, cores, pid))
        put_in_force(place, bench, port, key)
        way = ours(SHORT, port, pid, key, "short")
        asked = asked_of(bench, way, random.Random(SEED), CALLS[bench.size])
        drive(port, asked, CONNECTIONS)  # the first calls of a process are slower than any other
        peak = min(drive(port, asked, CONNECTIONS).rate for _ in range(LOOPS))

        def part(seconds: float) -> Part:
            calls = max(3, int(SHARE * peak * seconds))
            load = steady(port, list(islice(cycle(asked), calls)), SHARE * peak)
            return Part(load, resident_mb(pid))

        cold = resident_mb(pid)
        warm = part(WARM_S[bench.size])
        parts = [part(PART_S[bench.size]) for _ in range(PARTS[bench.size])]
    warmed = Warmed(WARM_S[bench.size], cold, warm.memory)
    return [_table(peak, warmed, parts, PART_S[bench.size])]


def _table(peak: float, warmed: Warmed, parts: Sequence[Part], part_s: float) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "minute": (at + 1) * part_s / 60,
            "answered": float(len(load.each)),
            "turned away": float(load.refused),
            "p50/p90/p99 ms": spread(load.each),
            "MiB": memory,
        }
        for at, (load, memory) in enumerate(parts)
    ]
    minutes = [at * part_s / 60 for at in range(len(parts))]
    slope = linear_regression(minutes, [one.memory for one in parts]).slope
    third = max(1, len(parts) // 3)
    early, late = (
        [second for one in some for second in one.load.each]
        for some in (parts[:third], parts[-third:])
    )
    load = (
        f"{SHARE:.0%} of {peak:,.0f}/s, the least of {LOOPS} closed loops of this run; open loop. "
        "Any answer but 200 and 503 would have ended this."
    )
    growth = (
        f"Memory: {warmed.cold:.0f} MiB before and {warmed.memory:.0f} after {warmed.seconds:.0f} s"
        f" of the same load, which do not count; from then on {slope:+.2f} MiB a minute (asked: "
        f"< 1). p50 of the last third is {median(late) / median(early):.2f} × that of the first, "
        f"p99 {quantile(late, 0.99) / quantile(early, 0.99):.2f} ×."
    )
    return Table("soak: at 80 % load", rows, (load, growth))
