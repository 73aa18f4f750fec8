"""Seconds of things that are run in turn, so that a busy machine is busy for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks.table import Cell


def side_by_side(
    runs: Mapping[str, Callable[[], object]],
    rounds: int,
    block: int = 1,
    warm: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """A B A B …, each letter a block of calls; the seconds of each call by `clock`.

    The first `warm` calls of a block do not count: they pay for what the other left in the caches.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            for at in range(-warm, block):
                started = clock()
                run()
                if at >= 0:
                    seconds[name].append(clock() - started)
    return seconds


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least the share `q` does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def spread(seconds: Sequence[float]) -> str:
    """Milliseconds at the median, at the slowest of ten and at the slowest of a hundred."""
    return " / ".join(f"{1_000 * quantile(seconds, q):.2f}" for q in (0.5, 0.9, 0.99))


def latency(seconds: Sequence[float]) -> dict[str, Cell]:
    """Columns for a row: milliseconds at the median and at the slowest of a hundred."""
    return {"p50 ms": 1_000 * median(seconds), "p99 ms": 1_000 * quantile(seconds, 0.99)}
