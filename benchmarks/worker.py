"""Events a second through the whole pipeline, from the log to record, lake and Redis."""

from __future__ import annotations

from benchmarks.bench import SEED, Bench, Size, Work, work
from benchmarks.stream import visits
from benchmarks.table import Cell, Table
from core.clock import SystemClock
from events.types import Door

LIVE = {Size.TINY: 60, Size.QUICK: 3_000, Size.FULL: 6_000}


def run(bench: Bench) -> list[Table]:
    """History builds features and decides nothing; live events are scored and decided too."""
    past = bench.filling
    place = bench.filled
    count = LIVE[bench.size]
    place.accept(visits(SEED, bench.crowd.people, count, SystemClock().now()), Door.LIVE)
    live = work(place, count)
    return [_rates({"history": past, "live, with decisions": live}), _shares(past, live)]


def _rates(works: dict[str, Work]) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "events": kind,
            "count": done.events,
            "seconds": done.seconds,
            "events/s": done.events / done.seconds,
            "events per core second": done.events / done.core_seconds,
            "target": "≥ 1,500",
        }
        for kind, done in works.items()
    ]
    note = "One worker process; batches of 1,000; log, record and lake synced to disk."
    return Table("worker: events a second", rows, (note, "No model: rules decide alone."))


def _shares(past: Work, live: Work) -> Table:
    names = sorted({*past.stages, *live.stages}, key=lambda name: -past.stages.get(name, 0.0))
    rows: list[dict[str, Cell]] = [
        {"stage": name, "history %": _share(past, name), "live %": _share(live, name)}
        for name in names
    ]
    rest = {"stage": "reading the log, the rest"}
    left = {"history %": _rest(past), "live %": _rest(live)}
    return Table("worker: where the time goes", [*rows, {**rest, **left}])


def _share(done: Work, stage: str) -> float:
    return 100 * done.stages.get(stage, 0.0) / done.seconds


def _rest(done: Work) -> float:
    return 100 * (1 - sum(done.stages.values()) / done.seconds)
