"""The record under power cuts: the worker's own transaction, and what each cut leaves of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
import sqlalchemy as sa

from core.database import open_record, reading
from core.installation import Installation
from events import progress
from events.intake.duplicates import SEEN
from features.definitions import Entity
from features.record import LAKE_FILE, TILES
from features.single import values_of
from tests.pipeline_bench import START, Bench
from tests.proof.disk import EVERY, Disk, Image, Kept, Lost
from tests.proof.on_disk import connect_by

BATCHES, BATCH = 60, 10
PEOPLE = 17


class Held(NamedTuple):
    """What a record says after a power cut, each figure from another table. All are equal when
    every event so far is a page view of its own.
    """

    offset: int
    processed: int
    messages: int
    page_views: int
    archived: int


def cut_the_record(
    installation: Installation,
    client: redis.Redis,
    kept: Kept,
    weaken: bool,
    patch: pytest.MonkeyPatch,
) -> Lost:
    """A batch counts as acknowledged once `run` has returned: lake and online store have it then.

    Every record that a cut leaves must tell one story, whether it is the newest one or not.
    """
    done = [0]
    with Disk(EVERY, lambda: done[0], kept) as disk, patch.context() as here:
        here.setattr(sqlite3.dbapi2, "connect", connect_by(weaken))
        bench = Bench(installation, client)
        for batch in range(BATCHES):
            bench.feed(*(_page(batch * BATCH + number) for number in range(BATCH)))
            done[0] = bench.pipeline.progress.offset
        bench.engine.dispose()
    missing = 0
    for number, image in enumerate(disk.images):
        told = _held(image, installation.root / f"cut-{number}")
        assert told == Held(*[told.offset] * len(told)), f"cut {number}"
        missing += max(image.seen - told.offset, 0)
    return Lost(len(disk.images), sum(image.seen for image in disk.images), missing)


def _page(number: int) -> dict[str, Any]:
    return {"type": "page", "userId": f"u{number % PEOPLE}", "messageId": f"m{number}"}


def _held(image: Image, folder: Path) -> Held:
    image.lay_out(folder)
    engine = open_record(folder / "record.db")
    with reading(engine) as record:
        told = progress.load(record)
        blobs = record.execute(sa.select(TILES.c.blob).where(TILES.c.entity == "lead")).scalars()
        tiles = list(blobs)
        messages = _one(record, sa.select(sa.func.count()).select_from(SEEN))
        events = LAKE_FILE.c.path.startswith("events/")
        archived = _one(record, sa.select(sa.func.sum(LAKE_FILE.c.rows)).where(events))
    engine.dispose()
    views = [values_of(one, 2 * START, Entity.LEAD)["page_views_ever"] for one in tiles]
    page_views = sum(int(view or 0) for view in views)
    return Held(told.offset, told.processed, messages, page_views, archived)


def _one(record: sa.Connection, asked: sa.Select[Any]) -> int:
    return int(record.execute(asked).scalar() or 0)
