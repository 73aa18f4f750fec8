"""The flat baseline may not win by what its own dictionary calls a leak."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demo.baseline import TASK, baseline

LEAKS = {"total_touches_all": True, "current_stage": True}


def _world(folder: Path) -> Path:
    """Every column but `region` tells the outcome; all of those must be left out."""
    (folder / "tasks" / TASK).mkdir(parents=True)
    names = ("account_id", "lead_id", "region", "current_stage", "is_sql", "total_touches_all")
    lines = [f"{name},{LEAKS.get(name, False)}" for name in names]
    (folder / "feature_dictionary.csv").write_text("\n".join(["name,leakage_risk", *lines]))
    chance = random.Random(2)
    for part, size in (("train", 300), ("valid", 60), ("test", 200)):
        won = [chance.random() < 0.4 for _ in range(size)]
        columns = {
            "account_id": [f"{part}-{at // 2}" for at in range(size)],
            "lead_id": [f"{one}-{at}" for at, one in enumerate(won)],
            "region": [chance.choice(("US", "UK", None)) for _ in won],
            "current_stage": ["closed_won" if one else "closed_lost" for one in won],
            "is_sql": won,
            "total_touches_all": [int(one) for one in won],
            TASK: won,
        }
        pq.write_table(pa.table(columns), folder / "tasks" / TASK / f"{part}.parquet")
    return folder


def test_leaking_columns_are_left_out(tmp_path):
    """A baseline that sees the outcome would make any honest model look bad."""
    told = baseline(_world(tmp_path))

    assert told["rows"] == 200
    assert 0.4 < told["auc"] < 0.6
    assert 0.4 < told["plain_auc"] < 0.6
