"""Parquet files of many leads: the facts that a catalog reads, each value drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.facts import NOW, Words
from features.definitions import BY_FEATURE, Kind
from rules.facts import AGE, MOMENT, ROUTE_FACTS, WORD

if TYPE_CHECKING:
    import numpy as np

_CHUNK = 100_000
_UNKNOWN = 0.3


def write_crowd(path: Path, seed: int, leads: int, facts: list[str], words: Words) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    dice = np.random.default_rng(seed)
    writer = None
    for start in range(0, leads, _CHUNK):
        count = min(_CHUNK, leads - start)
        columns = {name: _column(dice, name, count, words) for name in facts}
        columns["lead_id"] = pa.array(np.arange(start, start + count))
        columns["propensity"] = pa.array(dice.random(count))
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _column(dice: np.random.Generator, name: str, count: int, words: Words) -> Any:
    import numpy as np
    import pyarrow as pa

    kind, unknown = ROUTE_FACTS[name], dice.random(count) < _UNKNOWN
    if kind == MOMENT:
        return pa.array(np.full(count, NOW))
    if kind == WORD:
        known = pa.array(words.get(name, ["other"]), pa.string())
        drawn = pa.array(dice.integers(0, len(known), count), mask=unknown)
        return pa.DictionaryArray.from_arrays(drawn, known).cast(pa.string())
    counted = name in BY_FEATURE and BY_FEATURE[name].kind in {Kind.COUNT, Kind.DISTINCT}
    if kind == AGE or not counted:
        return pa.array(dice.random(count) * 120, mask=unknown)
    return pa.array(np.where(dice.random(count) < 0.1, dice.integers(1, 9, count), 0).astype(float))
