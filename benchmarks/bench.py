"""What all benchmarks of one run share: how large they are, and an installation full of events."""

from __future__ import annotations

import enum
import time
from contextlib import ExitStack
from types import TracebackType
from typing import NamedTuple, Self

import sqlalchemy as sa

from benchmarks.place import Place
from benchmarks.stream import history
from core.clock import SystemClock
from core.database import reading
from events.identity.index import Found
from events.identity.tables import LEAD
from events.types import Door

SEED = 7


class Size(enum.StrEnum):
    TINY = "tiny"
    """Only shows that it runs."""
    QUICK = "quick"
    FULL = "full"


class Crowd(NamedTuple):
    people: int
    calls_each: int


CROWDS = {Size.TINY: Crowd(30, 5), Size.QUICK: Crowd(1_000, 25), Size.FULL: Crowd(1_500, 32)}


class Work(NamedTuple):
    """What the worker did, and how long it took in all and in each stage."""

    events: int
    seconds: float
    core_seconds: float
    """Of them at work on a core: what stays equal on a machine that others use too."""
    stages: dict[str, float]


class Bench:
    """A context: what the benchmarks opened is closed at its end."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.crowd = CROWDS[size]
        self._open = ExitStack()
        self._filled: tuple[Place, Work] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def filled(self) -> Place:
        """An installation whose history the worker has processed."""
        return self._fill()[0]

    @property
    def filling(self) -> Work:
        """What it took to process that history."""
        return self._fill()[1]

    def pairs(self) -> list[Found]:
        """(lead, account) of everybody in `filled`, in a fixed order."""
        wanted = sa.select(LEAD.c.lead_id, LEAD.c.account_id).order_by(LEAD.c.lead_id)
        with reading(self.filled.engine) as connection:
            alive = connection.execute(wanted.where(LEAD.c.merged_into.is_(None)))
            return [(row.lead_id, row.account_id) for row in alive]

    def _fill(self) -> tuple[Place, Work]:
        if self._filled is None:
            place = self._open.enter_context(Place())
            bodies = history(SEED, *self.crowd, SystemClock().now())
            place.accept(bodies, Door.IMPORT)
            self._filled = place, work(place, len(bodies))
        return self._filled


def work(place: Place, events: int) -> Work:
    """A new worker, until it has processed all that the log holds."""
    pipeline, loop = place.worker()
    before = dict(pipeline.stages.seconds)
    pipeline.keep_up()
    started, used = time.perf_counter(), time.process_time()
    while loop.step():
        continue
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - used
    stages = {
        name: total - before.get(name, 0.0) for name, total in pipeline.stages.seconds.items()
    }
    return Work(events, seconds, core_seconds, stages)
