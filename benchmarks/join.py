"""The child of offline.py: reads (lead, moment) pairs from a history and says what it took.

`python -m benchmarks.join FOLDER LEADS PAIRS WAY` prints JSON: seconds, and how many were found.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.bench import SEED
from benchmarks.lake import END, SPAN, lead_id
from core.database import open_record, reading
from core.installation import Installation
from events.identity.history import accounts_at
from features import feast_history
from features.definitions import Entity
from features.offline import lead_vectors, newest_blobs

Asks = Sequence[tuple[str, int]]
Read = Callable[[Installation, sa.Engine, Asks], int]
"""How many of the pairs have a lead that was known by their moment."""


class Joined(msgspec.Struct):
    seconds: float
    found: int


def _vectors(installation: Installation, engine: sa.Engine, asks: Asks) -> int:
    told = lead_vectors(installation, engine, asks)
    return sum(1 for one in told if one is not None and one.values["page_views_ever"])


def _tiles(installation: Installation, engine: sa.Engine, asks: Asks) -> int:
    newest_blobs(installation, Entity.ACCOUNT, _accounts(engine, asks))
    return len(newest_blobs(installation, Entity.LEAD, asks))


def _feast(installation: Installation, engine: sa.Engine, asks: Asks) -> int:
    feast_history.newest(installation, Entity.ACCOUNT, _accounts(engine, asks))
    return len(feast_history.newest(installation, Entity.LEAD, asks))


WAYS: dict[str, Read] = {
    "ours: vectors": _vectors,
    "ours: tiles alone": _tiles,
    "Feast: tiles alone": _feast,
}


def _accounts(engine: sa.Engine, asks: Asks) -> list[tuple[str, int]]:
    with reading(engine) as record:
        owners = accounts_at(record, list(asks))
    told = zip(owners, asks, strict=True)
    return [(owner[1], moment) for owner, (_, moment) in told if owner and owner[1]]


def main(folder: str, leads: int, pairs: int, way: str) -> None:
    installation = Installation(Path(folder))
    engine = open_record(installation.record_db)
    dice = random.Random(SEED)
    asks = [(lead_id(dice.randrange(leads)), END - dice.randrange(SPAN)) for _ in range(pairs)]
    # Imports and Feast's registry are paid once a process, whatever the size.
    WAYS[way](installation, engine, asks[:1])
    started = time.perf_counter()
    found = WAYS[way](installation, engine, asks)
    seconds = time.perf_counter() - started
    sys.stdout.write(msgspec.json.encode(Joined(seconds, found)).decode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
