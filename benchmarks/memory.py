"""Bytes of Redis that a lead takes: its tiles, its share of the accounts', its identifiers."""

from __future__ import annotations

from typing import Any, cast

from benchmarks.bench import Bench
from benchmarks.place import Place
from benchmarks.table import Cell, Table
from core.database import reading
from events.identity.index import IdentifierIndex
from features.definitions import FEATURES, Entity
from features.record import TileRow, changed_since


def run(bench: Bench) -> list[Table]:
    """What `used_memory` of an empty server grows by as each part is written."""
    pairs = bench.pairs()
    with reading(bench.filled.engine) as record:
        rows = [row for some in changed_since(record, 0) for row in some if row.blob]
    with Place() as empty:
        parts = {
            "tiles of leads": _grown(empty, [row for row in rows if row.entity is Entity.LEAD]),
            "tiles of accounts": _grown(
                empty, [row for row in rows if row.entity is Entity.ACCOUNT]
            ),
            "identifier index": _index(bench, empty, [lead_id for lead_id, _ in pairs]),
        }
    parts["all"] = sum(parts.values())
    targets = {"all": "≤ 1,024", "tiles of leads and identifiers": "≤ 700"}
    parts["tiles of leads and identifiers"] = parts["tiles of leads"] + parts["identifier index"]
    told: list[dict[str, Cell]] = [
        {"part": name, "bytes a lead": size / len(pairs), "target": targets.get(name, "")}
        for name, size in parts.items()
    ]
    lead_bytes = sum(len(row.blob) for row in rows if row.entity is Entity.LEAD) / len(pairs)
    note = (
        f"{len(pairs):,} leads with {len(FEATURES)} features, {bench.crowd.calls_each} events each "
        f"over 90 days; {lead_bytes:.0f} bytes of tiles a lead before Redis; 4 identifiers each."
    )
    return [Table("memory: bytes of Redis a lead", told, (note,))]


def _grown(place: Place, rows: list[TileRow]) -> int:
    before = _used(place)
    place.store.write(rows)
    return _used(place) - before


def _index(bench: Bench, empty: Place, leads: list[str]) -> int:
    source = bench.filled
    index = IdentifierIndex(empty.client, source.engine, source.installation.secret())
    before = _used(empty)
    with reading(source.engine) as record:
        index.write(record, leads)
    return _used(empty) - before


def _used(place: Place) -> int:
    """Of the data set alone: clients' buffers come and go."""
    told = cast("dict[str, Any]", place.client.info("memory"))
    return int(told["used_memory_dataset"])
