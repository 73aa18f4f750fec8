"""Vectors of many leads at past moments: our read of the lake against Feast's own join.

1 % of the accounts hold half of the rows. Each size runs in a process of its own, so that its peak
memory is its own; one that outgrows its bounds is ended and reported as such. Feast's join costs
pairs × earlier rows of the entity, so it is asked for the shortest history only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

from benchmarks.bench import Bench, Size
from benchmarks.child import ROOT
from benchmarks.join import WAYS, Joined
from benchmarks.lake import Shape, build
from benchmarks.table import Cell, Table
from core.installation import Installation

SHAPES = {
    Size.TINY: (Shape(2_000, 100, 50),),
    Size.QUICK: (Shape(1_000_000, 100_000, 8_000),),
    Size.FULL: (Shape(1_000_000, 100_000, 8_000), Shape(10_000_000, 100_000, 8_000)),
}
PAIRS = {Size.TINY: 50, Size.QUICK: 100_000, Size.FULL: 100_000}
MOST_S = 60.0
MOST_BYTES = 6 * 2**30
_LOOK_S = 0.1


class Ended(NamedTuple):
    joined: Joined | None
    peak: int
    why: str


def run(bench: Bench) -> list[Table]:
    pairs = PAIRS[bench.size]
    rows: list[dict[str, Cell]] = []
    for shape in SHAPES[bench.size]:
        with tempfile.TemporaryDirectory(prefix="leadline-bench-") as folder:
            installation = Installation(Path(folder)).create()
            build(installation, shape)
            files = list(installation.lake.glob("**/*.parquet"))
            size = sum(file.stat().st_size for file in files)
            for way in WAYS:
                if way.startswith("Feast") and shape is not SHAPES[bench.size][0]:
                    continue
                ended = _join(installation, shape.leads, pairs, way)
                rows.append(_row(way, shape, pairs, size, ended))
    notes = (
        f"{pairs:,} (lead, moment) pairs; lead and account; vectors have windows too.",
        f"Bounds of a process, its start included: {MOST_S:.0f} s, 6 GiB.",
    )
    return [Table("offline: the newest rows known at past moments", rows, notes)]


def _row(way: str, shape: Shape, pairs: int, size: int, ended: Ended) -> dict[str, Cell]:
    joined = ended.joined
    return {
        "way": way,
        "rows": shape.rows,
        "lake MB": size / 1e6,
        "seconds": joined.seconds if joined else None,
        "pairs/s": pairs / joined.seconds if joined else None,
        "pairs with history": joined.found if joined else None,
        "peak GiB": ended.peak / 2**30,
        "ended": ended.why,
        "target": "≤ 45 s, ≤ 6 GiB" if _counts(way, shape) else "",
    }


def _counts(way: str, shape: Shape) -> bool:
    """Whether the target speaks of this row."""
    return way == "ours: vectors" and shape.rows >= 10_000_000


def _join(installation: Installation, leads: int, pairs: int, way: str) -> Ended:
    """Runs the child and watches it: its time from its start, its memory all along."""
    command = [sys.executable, "-m", "benchmarks.join", str(installation.root)]
    child = subprocess.Popen(
        [*command, str(leads), str(pairs), way],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
    )
    seen, peak, started, why = psutil.Process(child.pid), 0, time.monotonic(), ""
    while child.poll() is None and not why:
        try:
            peak = max(peak, seen.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        why = _outgrown(peak, time.monotonic() - started)
        time.sleep(_LOOK_S)
    if why:
        child.kill()
    told, _ = child.communicate()
    if why or child.returncode != 0:
        return Ended(None, peak, why or f"failed with {child.returncode}")
    return Ended(msgspec.json.decode(told, type=Joined), peak, "by itself")


def _outgrown(peak: int, seconds: float) -> str:
    if peak > MOST_BYTES:
        return "over 6 GiB"
    return f"after {MOST_S:.0f} s" if seconds > MOST_S else ""
