"""Compaction: the many small files that batches leave become few, sorted by entity and time.

A day that is over ends as few files of up to `FULL` rows. On the current day `FAN` files of one
generation become one of the next, so that a row is written about once for each factor of `FAN`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.clock import to_iso
from core.database import reading
from features.lake_files import LAKE_LEFT, LakeFile
from features.uncopied import settled

if TYPE_CHECKING:
    from features.rewrite import Rewriter

FAN = 8
FULL = 1_000_000
"""Rows from which on a file is left alone."""
AT_ONCE = 500
"""Files that one query opens."""


def due(files: Sequence[LakeFile], now: int) -> Iterator[list[LakeFile]]:
    """Groups of files, each to become one. `now` in microseconds tells the current day, UTC."""
    today = to_iso(now)[:10]
    for (_, day), some in sorted(_by_partition(files).items()):
        if day < today:
            yield from (group for group in _packed(some) if len(group) > 1)
        else:
            yield from _levels(some)


def is_due(engine: sa.Engine, swept_before: int, now: int) -> bool:
    """Whether there is anything to merge, or files replaced by `swept_before` (micros) to remove.

    Asks the record alone: it costs little and loads no Parquet library.
    """
    with reading(engine) as connection:
        if next(due(settled(connection), now), None) is not None:
            return True
        oldest = connection.execute(sa.select(sa.func.min(LAKE_LEFT.c.since))).scalar()
    return oldest is not None and oldest <= swept_before


def compact(lake: Rewriter, now: int) -> int:
    """Merges until nothing is due. How many files were replaced.

    The lake is let go between two merges: others may be waiting for it.
    """
    replaced = 0
    while group := _next(lake, now, replaced == 0):
        replaced += group
    return replaced


def _next(lake: Rewriter, now: int, first: bool) -> int:
    with lake.locked():
        if first:
            lake.files.finish()
        with reading(lake.engine) as connection:
            group = next(due(settled(connection), now), None)
        if group is None:
            return 0
        lake.replace(group, now)
        return len(group)


def _by_partition(files: Sequence[LakeFile]) -> dict[tuple[str, str], list[LakeFile]]:
    found: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
    for file in files:
        if file.rows < FULL:
            found[file.kind, file.day].append(file)
    return found


def _packed(files: Sequence[LakeFile]) -> Iterator[list[LakeFile]]:
    """Neighbours in the log together, as many as make a full file."""
    group: list[LakeFile] = []
    for file in sorted(files, key=lambda one: (one.first_offset, one.path)):
        group.append(file)
        if len(group) == AT_ONCE or sum(one.rows for one in group) >= FULL:
            yield group
            group = []
    yield group


def _levels(files: Sequence[LakeFile]) -> Iterator[list[LakeFile]]:
    levels: dict[int, list[LakeFile]] = defaultdict(list)
    for file in files:
        levels[file.generation].append(file)
    for _, level in sorted(levels.items()):
        yield from (group for group in _packed(level) if len(group) >= FAN)
