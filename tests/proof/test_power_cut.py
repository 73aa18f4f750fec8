"""What a power cut leaves of the event log and of the record.

`kill -9` cannot tell: the system's page cache survives the process. Here whatever SQLite had not
synced is gone, at many moments of real writing; the same with synchronous=NORMAL shows that the
tests could fail.
"""

from __future__ import annotations

import functools
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
import sqlalchemy as sa

from core.clock import FixedClock
from core.database import open_record, reading
from core.installation import Installation
from events import progress
from events.intake.duplicates import SEEN
from events.intake.log import EventLog, NewEvent
from events.types import Door
from features.definitions import Entity
from features.record import LAKE_FILE, TILES
from features.tiles import decode
from features.windows import windows
from tests.pipeline_bench import START, Bench
from tests.proof.disk import Disk, Image
from tests.proof.on_disk import connect_by

pytestmark = pytest.mark.proof

EVERY = 7
"""A cut each so many writes and syncs: at every point of a commit, in the course of many."""
GROUPS, GROUP = 400, 5
BATCHES, BATCH = 60, 10

Kept = Callable[[], bool]
KEPT: dict[str, Kept] = {
    "nothing unsynced": lambda: False,
    "any half of it": functools.partial(random.Random(7).choice, (True, False)),
}


class Lost(NamedTuple):
    """Over all power cuts of one run; each cut counts what had been acknowledged by then."""

    cuts: int
    acknowledged: int
    missing: int


class Log:
    """Many small groups into a real EventLog, and what is left of it after each power cut."""

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

    def survivors(self, image: Image, folder: Path) -> list[bytes]:
        """By the product's own reading, which must find no hole and no step back in time."""
        image.lay_out(folder)
        log = EventLog(folder / "log.db", FixedClock(START))
        raws = log.read(0, GROUPS * GROUP)
        log.close()
        assert [raw.offset for raw in raws] == list(range(1, len(raws) + 1))
        times = [raw.recorded_at for raw in raws]
        assert times == sorted(set(times))
        assert len(raws) % GROUP == 0, "half of a group"
        return [raw.body for raw in raws]


def cut_the_log(folder: Path, kept: Kept, weaken: bool, patch: pytest.MonkeyPatch) -> Lost:
    work = Log(folder)
    with Disk(EVERY, work.acknowledged, kept) as disk, patch.context() as here:
        here.setattr(sqlite3, "connect", connect_by(weaken))
        work.write()
    missing = 0
    for number, image in enumerate(disk.images):
        left = work.survivors(image, folder / f"cut-{number}")
        missing += len(set(image.seen) - set(left))
    return Lost(len(disk.images), sum(len(image.seen) for image in disk.images), missing)


@pytest.mark.parametrize("kept", KEPT)
def test_a_power_cut_takes_no_acknowledged_event(
    tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    """200 means that the event is on disk, not on its way there."""
    lost = cut_the_log(tmp_path, KEPT[kept], weaken=False, patch=monkeypatch)
    tell(f"\nlog, FULL, kept {kept}: {lost}")
    assert lost.cuts > 100
    assert lost.acknowledged > 1_000
    assert lost.missing == 0


def test_the_same_log_with_less_syncing_loses_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    """Otherwise the test above would prove nothing."""
    lost = cut_the_log(tmp_path, KEPT["nothing unsynced"], weaken=True, patch=monkeypatch)
    tell(f"\nlog, NORMAL: {lost}")
    assert lost.missing > 0


class Held(NamedTuple):
    """What a record says after a power cut, each figure from another table."""

    offset: int
    processed: int
    messages: int
    page_views: int
    archived: int


def held(image: Image, folder: Path) -> Held:
    image.lay_out(folder)
    engine = open_record(folder / "record.db")
    with reading(engine) as record:
        told = progress.load(record)
        blobs = record.execute(sa.select(TILES.c.blob).where(TILES.c.entity == "lead")).scalars()
        tiles = [decode(blob) for blob in blobs]
        messages = _one(record, sa.select(sa.func.count()).select_from(SEEN))
        events = LAKE_FILE.c.path.startswith("events/")
        archived = _one(record, sa.select(sa.func.sum(LAKE_FILE.c.rows)).where(events))
    engine.dispose()
    views = [windows(one, 2 * START, Entity.LEAD)["page_views_ever"] for one in tiles]
    return Held(
        told.offset, told.processed, messages, sum(int(view or 0) for view in views), archived
    )


def _one(record: sa.Connection, asked: sa.Select[Any]) -> int:
    return int(record.execute(asked).scalar() or 0)


def cut_the_record(
    installation: Installation,
    client: redis.Redis,
    kept: Kept,
    weaken: bool,
    patch: pytest.MonkeyPatch,
) -> Lost:
    """The worker's pipeline; a batch counts as done once `run` has returned. Every record that a
    power cut leaves must tell one story, whether it is the last one or not.
    """
    done = [0]
    with Disk(EVERY, lambda: done[0], kept) as disk, patch.context() as here:
        here.setattr(sqlite3.dbapi2, "connect", connect_by(weaken))
        bench = Bench(installation, client)
        for batch in range(BATCHES):
            bench.feed(*(page(batch * BATCH + number) for number in range(BATCH)))
            done[0] = bench.pipeline.progress.offset
        bench.engine.dispose()
    missing = 0
    for number, image in enumerate(disk.images):
        told = held(image, installation.root / f"cut-{number}")
        assert told == Held(*[told.offset] * 5), f"cut {number}"
        missing += max(image.seen - told.offset, 0)
    return Lost(len(disk.images), sum(image.seen for image in disk.images), missing)


def page(number: int) -> dict[str, Any]:
    return {"type": "page", "userId": f"u{number % 17}", "messageId": f"m{number}"}


@pytest.mark.parametrize("kept", KEPT)
def test_after_a_power_cut_effects_and_offset_still_agree(
    installation: Installation,
    redis_client: redis.Redis,
    kept: str,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    """An offset without its effects loses events; effects without it count them twice. And what
    the worker has published to lake and online store is never ahead of the record.
    """
    lost = cut_the_record(installation, redis_client, KEPT[kept], False, monkeypatch)
    tell(f"\nrecord, FULL, kept {kept}: {lost}")
    assert lost.cuts > 100
    assert lost.missing == 0


def test_the_same_record_with_less_syncing_falls_behind(
    installation: Installation,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    """It still agrees with itself, but lake and online store would be ahead of it."""
    lost = cut_the_record(installation, redis_client, KEPT["nothing unsynced"], True, monkeypatch)
    tell(f"\nrecord, NORMAL: {lost}")
    assert lost.missing > 0
