"""A world of the `leadforge` package, as plain columns, with its days moved by one constant.

Recipe `b2b_saas_procurement_v1`, exposure `research_instructor`. Only the columns that are posted
are read: what tells the future of a lead (`current_stage`, `is_sql`, the label) never gets here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from core.clock import DAY

RECIPE = "b2b_saas_procurement_v1"
TASK = "converted_within_90_days"
DIFFICULTIES = ("intro", "intermediate", "advanced")
SPLITS = ("train", "valid", "test")

READ: dict[str, tuple[str, ...]] = {
    "accounts": (
        "account_id", "industry", "region", "employee_band", "estimated_revenue_band",
        "process_maturity_band",
    ),
    "contacts": (
        "contact_id", "job_title", "role_function", "seniority", "buyer_role",
        "email_domain_type",
    ),
    "leads": (
        "lead_id", "contact_id", "account_id", "lead_created_at", "lead_source",
        "first_touch_channel", "owner_rep_id",
    ),
    "sessions": (
        "session_id", "lead_id", "session_timestamp", "session_type", "page_views",
        "pricing_page_views", "demo_page_views", "session_duration_seconds",
    ),
    "touches": (
        "touch_id", "lead_id", "touch_timestamp", "touch_type", "touch_channel",
        "touch_direction",
    ),
    "sales_activities": (
        "activity_id", "lead_id", "rep_id", "activity_timestamp", "activity_type",
        "activity_outcome",
    ),
    "opportunities": (
        "opportunity_id", "lead_id", "created_at", "estimated_acv", "close_outcome", "closed_at",
    ),
}  # fmt: skip
"""Table → the columns that are read of it."""

_DATED = (
    ("leads", "lead_created_at"),
    ("sessions", "session_timestamp"),
    ("touches", "touch_timestamp"),
    ("sales_activities", "activity_timestamp"),
    ("opportunities", "created_at"),
    ("opportunities", "closed_at"),
)

Columns = dict[str, list[Any]]


class World(NamedTuple):
    """The tables by column, the split, and by how many days its calendar is moved."""

    seed: int
    tables: dict[str, Columns]
    split: dict[str, str]
    """Lead id of the world → train, valid or test."""
    moved_days: int

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        columns = self.tables[table]
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def day(self, date: str) -> int:
        """A date of the world (`2024-01-17`) → its day here, in days since the epoch, UTC."""
        return day_of(date) + self.moved_days


def generate(folder: Path, seed: int, difficulty: str, leads: int) -> None:
    """Writes the world's Parquet files below `folder`. Deterministic in the other arguments.

    5,000 leads have the recipe's own 1,500 accounts and 4,200 contacts; other sizes keep the ratio.
    """
    from leadforge.api import Generator

    recipe = Generator.from_recipe(RECIPE, seed=seed, exposure_mode="research_instructor")
    made = recipe.generate(
        n_leads=leads,
        n_accounts=math.ceil(leads * 0.3),
        n_contacts=math.ceil(leads * 0.84),
        difficulty=difficulty,
    )
    made.save(str(folder))


def read(folder: Path, seed: int, now: int) -> World:
    """The world that `generate` wrote, moved so that its last dated row is the day before `now`."""
    import pyarrow.parquet as pq

    tables: dict[str, Columns] = {}
    for name, columns in READ.items():
        table = pq.read_table(folder / "tables" / f"{name}.parquet", columns=list(columns))
        tables[name] = table.to_pydict()
    last = max(day_of(date) for name, column in _DATED for date in tables[name][column] if date)
    return World(seed, tables, _read_split(folder), now // DAY - 1 - last)


def _read_split(folder: Path) -> dict[str, str]:
    """The task's files are read for their lead ids alone; their columns belong to the baseline."""
    import pyarrow.parquet as pq

    split: dict[str, str] = {}
    for name in SPLITS:
        table = pq.read_table(folder / "tasks" / TASK / f"{name}.parquet", columns=["lead_id"])
        split.update(dict.fromkeys(table.column("lead_id").to_pylist(), name))
    return split


_EPOCH = dt.date(1970, 1, 1).toordinal()


def day_of(date: str) -> int:
    """`1970-01-02` → 1. The world's dates have no time of day."""
    return dt.date.fromisoformat(date).toordinal() - _EPOCH


def digests(world: World) -> dict[str, str]:
    """Table → fingerprint of the values read of it: another release of the package shows here."""
    told = {}
    for name in world.tables:
        lines = "\n".join(repr(tuple(row.values())) for row in world.rows(name))
        told[name] = hashlib.sha256(lines.encode()).hexdigest()[:16]
    return told
