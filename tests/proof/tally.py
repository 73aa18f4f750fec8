"""What is in the stores in the end, counted apart from the code that wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import SystemClock
from core.connections import connect_record, connect_redis, redis_url
from core.database import reading
from core.installation import Installation
from core.settings import load_settings
from demo.receiver import Receiver
from events import progress
from events.archive import KIND
from events.failed import FAILED
from events.intake.log import EventLog
from events.types import RawEvent
from features.definitions import Entity
from features.names import VIEWS
from features.online import OnlineStore
from features.record import LAKE_FILE, TILES
from features.single import values_of
from signals.outbox import DELIVERED
from signals.tables import OUTBOX, SIGNAL

EVERYTHING = 10_000_000


class Pair(NamedTuple):
    """Two figures that have to be equal."""

    wanted: int
    found: int


Tally = dict[str, Pair]
"""Claim → its two figures."""


class Stores:
    """The stores of an installation, read from outside of its processes."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.record = connect_record(installation, load_settings())

    def log_bodies(self) -> list[dict[str, Any]]:
        log = EventLog(self.installation.log_db)
        bodies = [msgspec.json.decode(raw.body) for raw in log.read(0, EVERYTHING)]
        log.close()
        return bodies

    def progress(self) -> progress.Progress:
        with reading(self.record) as connection:
            return progress.load(connection)

    def column(self, column: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> list[Any]:
        with reading(self.record) as connection:
            return list(connection.execute(sa.select(column).where(*where)).scalars())

    def page_views(self) -> int:
        """The lifetime feature, over all leads."""
        now = SystemClock().now()
        blobs = self.column(TILES.c.blob, TILES.c.entity == Entity.LEAD.value)
        told = (values_of(blob, now, Entity.LEAD)["page_views_ever"] for blob in blobs)
        return sum(int(views or 0) for views in told)

    def online_differs(self) -> list[tuple[str, str]]:
        """Entities whose tiles in the online store are not the record's."""
        url = redis_url(self.installation, load_settings())
        store = OnlineStore(connect_redis(url, timeout_s=5.0))
        with reading(self.record) as connection:
            rows = connection.execute(sa.select(TILES.c.entity, TILES.c.id, TILES.c.blob)).all()
        held = {(row.entity, row.id): row.blob or None for row in rows}
        # A pair of the store is a lead and its account; here each entity is asked for alone.
        leads = [name for name in held if name[0] == Entity.LEAD.value]
        accounts = [name for name in held if name[0] == Entity.ACCOUNT.value]
        asked = store.read([(name, None) for _, name in leads])
        found = dict(zip(leads, (lead for lead, _ in asked), strict=True))
        asked = store.read([("", name) for _, name in accounts])
        found |= dict(zip(accounts, (account for _, account in asked), strict=True))
        return [name for name, tiles in held.items() if found[name] != tiles]

    def lake_files(self) -> list[Path]:
        """Whatever lies where the worker writes archived events and tile rows."""
        kinds = (KIND, *VIEWS.values())
        places = [place for kind in kinds for place in (self.installation.lake / kind).rglob("*")]
        return sorted(place for place in places if place.is_file())

    def archived(self) -> list[int]:
        """Offsets of all archived events."""
        files = [file for file in self.lake_files() if KIND in file.parts]
        return [at for file in files for at in pq.read_table(file)["offset"].to_pylist()]


def caught_up(stores: Stores) -> bool:
    """Nothing waits: in the log, for the online store, or in the outbox."""
    return not stores.column(OUTBOX.c.state, OUTBOX.c.state != DELIVERED) and processed(stores)


def processed(stores: Stores) -> bool:
    """Nothing waits in the log or for the online store."""
    log = EventLog(stores.installation.log_db)
    last = log.last_offset()
    log.close()
    return stores.progress().offset >= last and not stores.online_differs()


def tally(stores: Stores, receiver: Receiver, messages: Sequence[dict[str, Any]]) -> Tally:
    """`messages` are those that were acknowledged, each once.

    What the receiver refused is no claim: a killed sender leaves half a body, and no signature
    holds for that.
    """
    good = [one for one in messages if {"userId", "anonymousId"} & one.keys()]
    names = {one["messageId"] for one in messages}
    logged = [body["messageId"] for body in stores.log_bodies()]
    told = stores.progress()
    failed = [msgspec.json.decode(raw, type=RawEvent).offset for raw in stores.column(FAILED.c.raw)]
    archived = stores.archived()
    lake = stores.installation.lake
    files = {str(file.relative_to(lake)) for file in stores.lake_files()}
    listed = set(stores.column(LAKE_FILE.c.path))
    signals = set(stores.column(SIGNAL.c.id))
    received = {one.signal["id"] for one in receiver.arrivals}
    views = sum(one["type"] == "page" for one in good)
    return {
        "messages acknowledged, in the log": Pair(len(names), len(names & set(logged))),
        "messages in the log, acknowledged": Pair(len(set(logged)), len(names)),
        "accepted = processed + duplicates + failed": Pair(
            len(logged), told.processed + told.duplicates + told.failed
        ),
        "valid messages, processed": Pair(len(good), told.processed),
        "failed, kept to be repaired": Pair(told.failed, len(failed)),
        "page views acknowledged, counted": Pair(views, stores.page_views()),
        "entities that differ online": Pair(0, len(stores.online_differs())),
        "events processed, archived": Pair(told.processed, len(archived)),
        "events archived, different": Pair(len(archived), len(set(archived))),
        "lake files listed, there": Pair(len(listed), len(listed & files)),
        "lake files half written or not listed": Pair(0, len(files - listed)),
        "signals, received with a valid signature": Pair(len(signals), len(signals & received)),
        "signals received but unknown": Pair(0, len(received - signals)),
    }
