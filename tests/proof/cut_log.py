"""The event log under power cuts: many small groups, and what each cut leaves of them."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from pathlib import Path

import pytest

from core.clock import FixedClock
from events.intake.log import EventLog, NewEvent
from events.types import Door
from tests.pipeline_bench import START
from tests.proof.disk import EVERY, Disk, Image, Kept, Lost
from tests.proof.on_disk import connect_by

GROUPS, GROUP = 400, 5


def cut_the_log(folder: Path, kept: Kept, weaken: bool, patch: pytest.MonkeyPatch) -> Lost:
    """An event counts as acknowledged once its future is done, which is when the api answers."""
    work = _Work(folder)
    with Disk(EVERY, work.acknowledged, kept) as disk, patch.context() as here:
        here.setattr(sqlite3, "connect", connect_by(weaken))
        work.write()
    missing = 0
    for number, image in enumerate(disk.images):
        left = _survivors(image, folder / f"cut-{number}")
        missing += len(set(image.seen) - set(left))
    return Lost(len(disk.images), sum(len(image.seen) for image in disk.images), missing)


class _Work:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: list[tuple[list[bytes], Future[int]]] = []

    def acknowledged(self) -> list[bytes]:
        return [body for bodies, done in self._sent if done.done() for body in bodies]

    def write(self) -> None:
        log = EventLog(self._folder / "log.db", FixedClock(START))
        for at in range(GROUPS):
            bodies = [b"%d-%d" % (at, number) for number in range(GROUP)]
            events = [NewEvent(Door.LIVE, "segment", "k", "", "", body) for body in bodies]
            self._sent.append((bodies, log.append(events)))
            if at % 3 == 0:  # so that some commits hold one group, and some several
                self._sent[-1][1].result(10)
        log.close()


def _survivors(image: Image, folder: Path) -> list[bytes]:
    """By the product's own reading, which must find no hole, no half, no step back in time."""
    image.lay_out(folder)
    log = EventLog(folder / "log.db", FixedClock(START))
    raws = log.read(0, GROUPS * GROUP)
    log.close()
    assert [raw.offset for raw in raws] == list(range(1, len(raws) + 1))
    times = [raw.recorded_at for raw in raws]
    assert times == sorted(set(times))
    assert len(raws) % GROUP == 0, "half of a group"
    return [raw.body for raw in raws]
