"""The benchmarks run: at a size where their figures mean nothing, but every part takes part."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from benchmarks.__main__ import NAMES, run
from benchmarks.bench import Bench, Size
from benchmarks.stream import history
from benchmarks.table import Result, Table, machine, show, write
from benchmarks.timing import quantile, side_by_side
from core.clock import DAY

COLUMNS = {
    "worker": ("events", "count", "seconds", "events/s", "events per core second", "target"),
    "log": ("way", "senders", "at a time", "events/s", "against plain"),
    "online": ("way", "p50 ms", "p99 ms", "× ours", "target"),
    "memory": ("part", "bytes a lead", "in a Redis as it comes", "target"),
    "update": ("part", "rows", "rows/s", "µs a row", "target"),
    "score": (
        *("way", "requests/s", "core µs", "p50/p90/p99 ms at 500/s", "at half", "× floor"),
        *("short is ×", "turned away", "load's core", "target"),
    ),
    "growth": ("grows", "features", "rules", "trees", "µs a lead", "µs a lead of a batch"),
    "soak": ("minute", "answered", "turned away", "p50/p90/p99 ms", "MiB"),
    "overload": (*("second", "load", "good", "late", "turned", "unsent", "of the peak", "p99 ms"),),
    "offline": (
        *("way", "rows", "lake MB", "seconds", "pairs/s", "pairs with history"),
        *("peak GiB", "ended", "target"),
    ),
    "rules": ("way", "µs a lead", "× ours", "target"),
    "train": (
        *("rows", "columns", "trials", "search and fit s", "at work s", "compare s", "all s"),
        *("peak MiB", "trees", "AUC", "scorecard AUC"),
    ),
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench(Size.TINY) as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_measures_all_its_columns(name: str, bench: Bench) -> None:
    """A benchmark that broke unseen would be missed on the day when its figure is needed."""
    tables = run(name, bench)
    assert tables[0].columns == COLUMNS[name]
    for table in tables:
        for row in table.rows:
            assert tuple(row) == table.columns
            assert all(cell is not None for cell in row.values()), row


def test_the_same_seed_gives_the_same_events() -> None:
    """Two runs are comparable only if they measure the same work."""
    assert history(1, 4, 3, 100 * DAY) == history(1, 4, 3, 100 * DAY)
    assert history(1, 4, 3, 100 * DAY) != history(2, 4, 3, 100 * DAY)


def test_runs_alternate_and_warm_calls_do_not_count() -> None:
    """Whatever else the machine does, it does to both."""
    calls: list[str] = []
    runs = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    told = side_by_side(runs, rounds=2, block=2, warm=1)
    assert calls == list("aaabbb") * 2
    assert {name: len(seconds) for name, seconds in told.items()} == {"a": 4, "b": 4}


def test_a_quantile_is_a_value_that_was_measured() -> None:
    """Nearest rank, as latencies are read: nothing between two measurements is made up."""
    values = [float(at) for at in range(100, 0, -1)]
    assert quantile(values, 0.5) == 51.0
    assert quantile(values, 0.99) == 100.0


def test_a_result_is_printed_and_kept_as_json(tmp_path: Path) -> None:
    """The table is for people, the file for comparing two runs."""
    rows = [{"way": "ours", "events/s": 12_345.678}, {"way": "theirs", "events/s": None}]
    table = Table("a title", rows, ("a note",))
    result = Result("some", "tiny", "2026-03-02T10:00:00.000Z", 1.0, machine(), [table])
    path = write(tmp_path / "results", result)
    assert msgspec.json.decode(path.read_bytes(), type=Result) == result
    printed = io.StringIO()
    show([table], Console(file=printed, width=80))
    for word in ("a title", "12,346", "–", "a note"):
        assert word in printed.getvalue()
