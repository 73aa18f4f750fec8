"""Feature rows a second: tiles updated, then written to the lake and to Redis, on one core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import SEED, Bench
from benchmarks.place import Place
from benchmarks.stream import history
from benchmarks.table import Cell, Table
from core.clock import SystemClock
from core.database import reading, writing
from events.enrichment.enrich import enrich
from events.identity.matcher import Matcher
from events.intake.accept import accept
from events.types import Door, EnrichedEvent, Event
from features.lake import Lake
from features.record import TileRow, save_tiles
from features.update import Updater
from serving.worker.stages import Stages


def run(bench: Bench) -> list[Table]:
    """The stages of one worker, without what comes before and after them."""
    with Place() as place:
        place.accept(history(SEED, *bench.crowd, SystemClock().now()), Door.IMPORT)
        batches = list(_enriched(place))
        stages = Stages()
        with _one_core(place.server_pid):
            rows = _write(place, batches, stages)
    both = sum(stages.seconds[name] for name in ("update", "lake", "online"))
    told: list[dict[str, Cell]] = [
        _row(name, rows, seconds) for name, seconds in stages.seconds.items()
    ]
    told.append({**_row("update, lake and online", rows, both), "target": "≥ 10,000"})
    note = "The server shares that core. Files are synced; `record` is the worker's own copy."
    return [Table("update: feature rows a second on one core", told, (note,))]


def _enriched(place: Place) -> Iterator[tuple[tuple[int, int], list[EnrichedEvent]]]:
    """(first offset, last offset), enriched events: batch by batch, matched as the worker does."""
    matcher = Matcher(place.installation.secret(), place.settings.identity.per_lead)
    after = 0
    while raws := place.log.read(after, place.settings.worker.batch):
        accepted = accept(raws, place.settings.identity)
        with writing(place.engine) as record:
            matches = matcher.match(record, [one for one in accepted if isinstance(one, Event)])
            matches.save(record)
        yield (raws[0].offset, raws[-1].offset), enrich(matches.events)
        after = raws[-1].offset


def _write(
    place: Place, batches: list[tuple[tuple[int, int], list[EnrichedEvent]]], stages: Stages
) -> int:
    """How many rows were made; where the time went is in `stages`."""
    updater, lake, count = Updater(), Lake(place.installation.lake), 0
    for offsets, enriched in batches:
        with stages("update"), reading(place.engine) as record:
            rows: list[TileRow] = updater.update(record, enriched)
        with stages("lake"):
            lake.write_rows(rows, offsets, rows[-1].created)
        with stages("record"), writing(place.engine) as record:
            save_tiles(record, rows)
            lake.list_pending(record)
        with stages("lake"):
            lake.publish()
        with stages("online"):
            place.store.write(rows)
        count += len(rows)
    return count


def _row(name: str, rows: int, seconds: float) -> dict[str, Cell]:
    rate = rows / seconds
    return {"part": name, "rows": rows, "rows/s": rate, "µs a row": 1e6 / rate, "target": ""}


@contextmanager
def _one_core(server_pid: int) -> Iterator[None]:
    """This process and the online store on one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    for pid in (0, server_pid):
        os.sched_setaffinity(pid, {min(before)})
    try:
        yield
    finally:
        for pid in (0, server_pid):
            os.sched_setaffinity(pid, before)
