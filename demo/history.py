"""The steps of history: posted, worked through, and counted against what was posted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import sqlalchemy as sa

from core.clock import SystemClock
from core.database import reading
from core.errors import WorkError
from demo.post import Posted, post
from demo.system import System
from demo.teller import Teller
from events.identity.tables import ACCOUNT, LEAD
from features.definitions import Entity
from features.record import read_blobs
from features.single import values_of

CATCH_UP_S = 900.0
_LOOK_S = 0.2


class Counts(NamedTuple):
    """accepted = processed + duplicates + failed, once the worker has caught up."""

    processed: int
    duplicates: int
    failed: int
    stage_seconds: dict[str, float]


class Known(NamedTuple):
    """What the record knows once history is in. `page_views` is the lifetime feature, summed."""

    leads: int
    accounts: int
    page_views: int


def post_history(client: httpx.Client, file: Path, count: int, teller: Teller) -> Posted:
    with file.open("rb") as lines, teller.progress("events posted", count) as advance:
        posted = post(client, (line.rstrip(b"\n") for line in lines), advance)
    if posted.accepted + posted.refused != count:
        raise WorkError(f"{count} events were posted, but the batches held another number")
    if posted.refused:
        raise WorkError(f"{posted.refused} events of history were refused: {posted.problem}")
    return posted


def catch_up(system: System, client: httpx.Client, accepted: int, teller: Teller) -> Counts:
    """Waits until the worker has processed all that is in the log, and counts what became of it."""
    deadline = time.monotonic() + CATCH_UP_S
    with teller.progress("events processed", accepted) as advance:
        done = 0
        while True:
            health = client.get("/healthz").raise_for_status().json()
            worker = health["worker"]
            advance(worker["offset"] - done)
            done = worker["offset"]
            if worker["caught_up"]:
                return _counts(worker, accepted)
            system.check()
            if time.monotonic() > deadline:
                raise WorkError(f"the worker has come to {done} of {accepted} events in 15 minutes")
            time.sleep(_LOOK_S)


def _counts(worker: dict[str, Any], accepted: int) -> Counts:
    counts = Counts(
        worker["processed"], worker["duplicates"], worker["failed"], worker["stage_seconds"]
    )
    told = counts.processed + counts.duplicates + counts.failed
    if told != accepted:
        raise WorkError(
            f"{accepted} events were accepted, but {counts.processed} processed, "
            f"{counts.duplicates} duplicates and {counts.failed} failed make {told}"
        )
    return counts


def count_known(system: System, page_views_posted: int) -> Known:
    """Leads that stand for themselves, accounts, and the lifetime page views of all leads."""
    now = SystemClock().now()
    with reading(system.record) as connection:
        alive = sa.select(LEAD.c.lead_id).where(LEAD.c.merged_into.is_(None))
        leads = list(connection.execute(alive).scalars())
        accounts = connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar_one()
        tiles = read_blobs(connection, Entity.LEAD, leads)
    views = sum(
        int(values_of(held, now, Entity.LEAD)["page_views_ever"] or 0) for held in tiles.values()
    )
    if views != page_views_posted:
        raise WorkError(
            f"{page_views_posted} page views were posted, but the feature page_views_ever sums "
            f"to {views} over {len(leads)} leads"
        )
    return Known(len(leads), accounts, views)
