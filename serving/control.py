"""Control events: commands that change tiles, in the log like any event, applied by the worker.

In order with all other events, so nothing that is counted meanwhile is lost or counted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from core.database import reading
from core.installation import Installation
from events.archive import read_archive
from events.identity.tables import LEAD
from events.intake.log import EventLog, NewEvent
from events.types import Door, RawEvent
from features.definitions import Entity
from features.lake import Lake
from features.record import TileRow
from features.replay import Replay, newest

SOURCE = "control"
BACKFILL = "backfill"

_log = logging.getLogger(__name__)


def backfill_event() -> NewEvent:
    """Asks the worker to replay all history through today's definitions."""
    body = msgspec.json.encode({"control": BACKFILL})
    return NewEvent(Door.IMPORT, SOURCE, "", "", "", body)


def is_control(raw: RawEvent) -> bool:
    return raw.source == SOURCE


def ask(log: EventLog, event: NewEvent) -> int:
    """Puts a control event into the log; its offset, once it is durable."""
    return log.append([event]).result()


def parts(raws: Sequence[RawEvent]) -> Iterator[list[RawEvent]]:
    """Runs of ordinary events, and each control event by itself."""
    run: list[RawEvent] = []
    for raw in raws:
        if is_control(raw):
            if run:
                yield run
            yield [raw]
            run = []
        else:
            run.append(raw)
    if run:
        yield run


def backfill(
    raw: RawEvent, installation: Installation, engine: sa.Engine, lake: Lake
) -> list[TileRow]:
    """Writes every row again into the lake (pending); returns each entity's newest."""
    with reading(engine) as record:
        keys = {row.lead_id: row.data_key for row in record.execute(sa.select(LEAD))}
    held: dict[tuple[Entity, str], TileRow] = {}
    count = 0
    replay = Replay(raw.recorded_at, raw.offset)
    for number, rows in enumerate(replay.rows(read_archive(installation.lake, keys))):
        lake.write_rows(rows, (raw.offset, raw.offset), raw.recorded_at, part=number)
        newest(rows, held)
        count += len(rows)
    _log.info("backfill: %d rows of %d entities", count, len(held))
    return list(held.values())
