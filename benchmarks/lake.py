"""A long history in the lake's own layout: rows of tiles, and who belonged to which account."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.bench import SEED
from core.clock import DAY
from core.database import open_record, writing
from core.installation import Installation
from events.identity.accounts import Membership
from events.identity.intervals import save_memberships
from features.cells import coded
from features.change import Change, update_lead
from features.definitions import Entity
from features.lake import Lake
from features.measures import BY_NAME, MEASURES
from features.names import CREATED, KEYS, KNOWN_AT, VALUE, VIEWS
from features.tiles import Tiles, encode

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

END = 20_000 * DAY
SPAN = 365 * DAY
FILE_ROWS = 100_000
"""Of one entity in one file: the lake as compaction should leave it."""
LEADS_AN_ACCOUNT = 10
_PAGE_VIEWS = BY_NAME["page_views"].number


class Shape(NamedTuple):
    """`rows` count both entities: each event makes a row of its lead and one of its account."""

    rows: int
    leads: int
    blobs: int
    """Different tiles among the rows; more than a Parquet dictionary holds, as in a real lake."""


class History(NamedTuple):
    """Lead ids of one run stand by their number; so do account ids."""

    shape: Shape
    account_of: NDArray[np.int64]


def lead_id(number: int) -> str:
    return f"lead-{number:08d}"


def build(installation: Installation, shape: Shape) -> History:
    """Writes the files in the order of time, and the memberships into the record."""
    import numpy as np
    import pyarrow as pa

    chance = np.random.default_rng(SEED)
    history = History(shape, _accounts(shape, chance))
    blobs = {entity: _blobs(entity, shape.blobs) for entity in Entity}
    ids = {
        entity: pa.array([f"{entity}-{at:08d}" for at in range(shape.leads)]) for entity in Entity
    }
    lake, events = Lake(installation.lake), shape.rows // 2
    step = SPAN // events
    for first in range(0, events, FILE_ROWS):
        count = min(FILE_ROWS, events - first)
        known_at = END - SPAN + step * np.arange(first, first + count, dtype=np.int64)
        leads = chance.integers(0, shape.leads, count)
        whose = {Entity.LEAD: leads, Entity.ACCOUNT: history.account_of[leads]}
        for entity, numbers in whose.items():
            told = blobs[entity].take(chance.integers(0, shape.blobs, count))
            table = _table(entity, ids[entity].take(numbers), told, known_at)
            lake.write(VIEWS[entity], table, (first + 1, first + count), int(known_at[-1]))
        lake.publish()
    _save_memberships(installation, history)
    return history


def _accounts(shape: Shape, chance: np.random.Generator) -> NDArray[np.int64]:
    """Each lead's account: half of the leads, and so half of the rows, are in 1 % of them."""
    import numpy as np

    count = max(2, shape.leads // LEADS_AN_ACCOUNT)
    hot = max(1, count // 100)
    busy = chance.random(shape.leads) < 0.5
    within = chance.integers(0, hot, shape.leads)
    return np.where(busy, within, chance.integers(hot, count, shape.leads))


def _table(entity: Entity, ids: pa.Array, blobs: pa.Array, known_at: Any) -> pa.Table:
    import pyarrow as pa

    moments = pa.array(known_at, pa.timestamp("us", tz="UTC"))
    return pa.table({KEYS[entity]: ids, VALUE: blobs, KNOWN_AT: moments, CREATED: moments})


def _blobs(entity: Entity, count: int) -> pa.Array:
    """Real tiles of the size that one event in the middle of a history leaves."""
    import pyarrow as pa

    return pa.array(list(_tiles(entity, count)), pa.binary())


def _tiles(entity: Entity, count: int) -> Iterator[bytes]:
    dice = random.Random(f"{SEED} {entity}")
    events = 5 if entity is Entity.LEAD else 12
    numbers = [measure.number for measure in MEASURES if measure.number != _PAGE_VIEWS]
    for _ in range(count):
        tiles = Tiles()
        for _ in range(dice.randrange(1, 2 * events)):
            at = END - dice.randrange(SPAN)
            sums = dict.fromkeys((_PAGE_VIEWS, *dice.sample(numbers, 2)), 1)
            change = Change(at, sums, coded(sums), dice.getrandbits(32), False, {}, {}, None)
            update_lead(tiles, change)
        yield encode(tiles)


def _save_memberships(installation: Installation, history: History) -> None:
    engine = open_record(installation.record_db)
    with writing(engine) as record:
        save_memberships(
            record,
            [
                Membership(lead_id(number), f"account-{account:08d}", END - SPAN)
                for number, account in enumerate(history.account_of.tolist())
            ],
        )
    engine.dispose()
