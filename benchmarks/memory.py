"""Bytes of Redis that a lead takes: its tiles, its share of the accounts', its identifiers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, cast

from benchmarks.bench import SEED, Bench, Size
from benchmarks.place import Place
from benchmarks.table import Cell, Table
from core.database import reading
from events.identity.index import place_of, value_of
from features.definitions import FEATURES, Entity
from features.record import TileRow, changed_since
from serving.score.beside import Beside, write_beside

COPIES = {Size.TINY: 2, Size.QUICK: 100, Size.FULL: 400}
"""How often each lead is written, each time with ids of its own: what a lead takes depends on how
many there are, for 65,536 hashes share its identifiers."""
IDENTIFIERS = 4
_PIECE = 2_000
_BESIDE = write_beside(Beside("rep-12", "company12.example", "warm"))
"""What stands beside the tiles of a lead that is known."""
_DEFAULTS = {"hash-max-listpack-value": 64}
"""Of Redis and Valkey, where ours are others (see serving/running/embedded.py)."""


class Parts(NamedTuple):
    """Bytes a lead."""

    leads: float
    accounts: float
    index: float


def run(bench: Bench) -> list[Table]:
    """What `used_memory` of an empty server grows by as each part is written."""
    pairs = bench.pairs()
    with reading(bench.filled.engine) as record:
        rows = [row for some in changed_since(record, 0) for row in some if row.blob]
    copies = COPIES[bench.size]
    ours = _measured(rows, copies, len(pairs), {})
    theirs = _measured(rows, copies, len(pairs), _DEFAULTS)
    lead_bytes = sum(len(row.blob) for row in rows if row.entity is Entity.LEAD) / len(pairs)
    crowd = (
        f"{copies * len(pairs):,} leads with {len(FEATURES)} features, {bench.crowd.calls_each} "
        f"events each over 90 days; {lead_bytes:.0f} bytes of tiles a lead before Redis; "
        f"{IDENTIFIERS} identifiers each."
    )
    million = (
        f"1,000,000 leads ≈ {_gib(sum(ours))} GiB with our settings, {_gib(sum(theirs))} GiB in a "
        "Redis with its own."
    )
    return [Table("memory: bytes of Redis a lead", _rows(ours, theirs), (crowd, million))]


def _rows(ours: Parts, theirs: Parts) -> list[dict[str, Cell]]:
    told = {
        "tiles of leads": (ours.leads, theirs.leads, ""),
        "tiles of accounts": (ours.accounts, theirs.accounts, ""),
        "identifier index": (ours.index, theirs.index, ""),
        "all": (sum(ours), sum(theirs), "≤ 1,024"),
        "tiles of leads and identifiers": (
            ours.leads + ours.index,
            theirs.leads + theirs.index,
            "≤ 700",
        ),
    }
    return [
        {"part": name, "bytes a lead": own, "in a Redis as it comes": foreign, "target": target}
        for name, (own, foreign, target) in told.items()
    ]


def _measured(rows: Sequence[TileRow], copies: int, leads: int, settings: dict[str, int]) -> Parts:
    dice = random.Random(SEED)
    total = copies * leads
    with Place() as empty:
        for name, value in settings.items():
            empty.client.config_set(name, value)
        sizes = [_used(empty)]
        for entity in Entity:
            _copy(empty, [row for row in rows if row.entity is entity], copies, dice)
            sizes.append(_used(empty))
        _index(empty, total, dice)
        sizes.append(_used(empty))
    grown = (after - before for before, after in pairwise(sizes))
    return Parts(*(one / total for one in grown))


def _copy(place: Place, rows: Sequence[TileRow], copies: int, dice: random.Random) -> None:
    for _ in range(copies):
        told = [
            TileRow(row.entity, _id(dice), row.known_at, row.created, row.offset, row.blob)
            for row in rows
        ]
        for at in range(0, len(told), _PIECE):
            some = told[at : at + _PIECE]
            leads = [row.id for row in some if row.entity is Entity.LEAD]
            place.store.write(some, dict.fromkeys(leads, _BESIDE))


def _index(place: Place, leads: int, dice: random.Random) -> None:
    for at in range(0, leads, _PIECE):
        with place.client.pipeline(transaction=False) as pipe:
            for _ in range(min(_PIECE, leads - at)):
                told = value_of(_id(dice), _id(dice))
                for _ in range(IDENTIFIERS):
                    pipe.execute_command("HSET", *place_of(dice.randbytes(16)), told)
            pipe.execute()


def _id(dice: random.Random) -> str:
    return dice.randbytes(12).hex()


def _gib(bytes_a_lead: float) -> str:
    return f"{bytes_a_lead * 1_000_000 / 2**30:.2f}"


def _used(place: Place) -> int:
    """All of it, the server's own table of keys included."""
    told = cast("dict[str, Any]", place.client.info("memory"))
    return int(told["used_memory"])
