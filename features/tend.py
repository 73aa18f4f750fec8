"""Tending the lake: what the timer asks for and `leadline features compact` does."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.clock import DAY, SECOND
from core.database import reading
from core.installation import Installation
from core.settings import Lake
from features.compact import compact
from features.lake_files import listed
from features.retain import retain
from features.rewrite import Rewriter


class Tended(msgspec.Struct, frozen=True):
    merged: int
    """Files that became part of larger ones."""
    removed: int
    """Files that were taken off the disk."""
    dropped: int
    """Rows that were older than the lake keeps."""


def tend(
    installation: Installation, engine: sa.Engine, settings: Lake, now: int, retention: bool
) -> Tended:
    """Merges, with `retention` drops what is too old, removes what was replaced `grace_s` ago."""
    lake = Rewriter(installation, engine, settings.memory_mb)
    dropped = 0
    if retention and settings.keep_days is not None:
        with reading(engine) as connection:
            kinds = sorted({file.kind for file in listed(connection)})
        dropped = sum(retain(lake, kind, now - settings.keep_days * DAY, now) for kind in kinds)
    merged = compact(lake, now)
    with lake.locked():
        lake.files.finish()
        removed = lake.files.sweep(_swept_before(settings, now))
    return Tended(merged, removed, dropped)


def _swept_before(settings: Lake, now: int) -> int:
    """No query that listed a file replaced before this moment still runs."""
    return now - int(settings.grace_s * SECOND)
