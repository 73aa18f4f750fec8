"""Ten minutes at 80 % of what the api can answer: whether it grows, slows down or fails."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import linear_regression

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
CALLS = {Size.TINY: 10, Size.QUICK: 4_000, Size.FULL: 20_000}
"""Of the closed loop that finds what can be answered."""
WARM = 1
"""Parts that do not count for the slope: caches fill."""


def run(bench: Bench) -> list[Table]:
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    parts: list[tuple[Load, float]] = []
    with ExitStack() as opened:
        pid = opened.enter_context(run_api(place, port))
        if (cores := two_cores()) is not None:
            opened.enter_context(apart(place, cores, pid))
        put_in_force(place, bench, port, key)
        way = ours(SHORT, port, pid, key, "short")
        requests = asked_of(bench, way, random.Random(SEED), CALLS[bench.size])
        peak = min(drive(port, requests, CONNECTIONS).rate for _ in range(2))
        calls = max(3, int(SHARE * peak * PART_S[bench.size]))
        some = (requests * (1 + calls // len(requests)))[:calls]
        parts.extend(
            (steady(port, some, SHARE * peak), resident_mb(pid)) for _ in range(PARTS[bench.size])
        )
    return [_table(peak, parts, PART_S[bench.size])]


def _table(peak: float, parts: Sequence[tuple[Load, float]], part_s: float) -> Table:
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
    counted = parts[WARM:]
    minutes = [at * part_s / 60 for at in range(len(counted))]
    slope = linear_regression(minutes, [memory for _, memory in counted]).slope
    third = max(1, len(counted) // 3)
    early, late = (
        [second for load, _ in some for second in load.each]
        for some in (counted[:third], counted[-third:])
    )
    told = (
        f"{SHARE:.0%} of {peak:,.0f}/s, open loop. Memory grows by {slope:.2f} MiB a minute "
        f"(asked: < 1). p50 of the last third is {median(late) / median(early):.2f} × that of the "
        f"first, p99 {quantile(late, 0.99) / quantile(early, 0.99):.2f} ×. Any answer but 200 and "
        "503 would have ended this."
    )
    return Table("soak: at 80 % load", rows, (told,))
