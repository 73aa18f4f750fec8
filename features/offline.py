"""Vectors as of past moments, point in time.

Feast's `get_historical_features` is the reader of record. Over the lake it joins every asked pair
with all earlier rows of its entity, which ends with lakes of a million rows, and it takes seconds
to start: large lakes and few questions are read by `features.newest`, from the same files; a
contract suite holds the two equal.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import sqlalchemy as sa

from core.database import reading
from core.errors import Unavailable
from core.installation import Installation
from core.settings import DuckDb, load_settings
from events.identity.history import Owner, accounts_at, owners_at
from events.types import Identifier
from features.definitions import Entity
from features.names import VIEWS
from features.vector import FeatureVector, Stored
from features.vector import vectors as made_of

ATTEMPTS = 5
"""How often a query begins anew when files that it had listed were replaced and removed."""


FEAST_ROWS = 500_000
"""Rows of one view up to which Feast's join over the lake was found to end in seconds."""
FEW = 100
"""Questions that are answered before Feast would have started."""

PAUSE_S = 0.05
"""The pause before the second attempt; it grows by as much with each."""


class Ask(msgspec.Struct, frozen=True):
    """Whose features, and as of when (microseconds, UTC)."""

    identifier: Identifier
    moment: int


def vectors(
    installation: Installation, engine: sa.Engine, asks: Sequence[Ask]
) -> list[FeatureVector | None]:
    """One vector an ask, as it was known at its moment; None if nobody owned the identifier."""
    with reading(engine) as connection:
        told = [(ask.identifier, ask.moment) for ask in asks]
        owners = owners_at(connection, installation.secret(), told)
    return _vectors(installation, owners, [ask.moment for ask in asks])


def lead_vectors(
    installation: Installation, engine: sa.Engine, asks: Sequence[tuple[str, int]]
) -> list[FeatureVector | None]:
    """The same for (lead id, moment) pairs, each id as it was then."""
    with reading(engine) as connection:
        owners = accounts_at(connection, list(asks))
    return _vectors(installation, owners, [moment for _, moment in asks])


def _vectors(
    installation: Installation, owners: Sequence[Owner | None], moments: Sequence[int]
) -> list[FeatureVector | None]:
    wanted = [(owner, moment) for owner, moment in zip(owners, moments, strict=True) if owner]
    if not wanted:
        return [None] * len(owners)
    leads = _blobs(installation, Entity.LEAD, [(owner[0], moment) for owner, moment in wanted])
    accounts = _blobs(
        installation, Entity.ACCOUNT, [(owner[1], moment) for owner, moment in wanted if owner[1]]
    )
    told = [
        Stored(
            *owner, leads.get((owner[0], moment)), accounts.get((owner[1] or "", moment)), moment
        )
        for owner, moment in wanted
    ]
    made = iter(made_of(told))
    return [next(made) if owner else None for owner in owners]


def _blobs(
    installation: Installation, entity: Entity, asks: Sequence[tuple[str | None, int]]
) -> dict[tuple[str, int], bytes]:
    """The newest row known by each moment. Entities without one are missing."""
    known = [(name, moment) for name, moment in asks if name]
    return newest_blobs(installation, entity, known) if known else {}


def newest_blobs(
    installation: Installation, entity: Entity, known: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], bytes]:
    """(entity id, moment) → tiles, from where the settings say that history is read."""
    settings = load_settings(installation.settings_file)
    if isinstance(settings.features.offline, DuckDb):
        files = _files(installation.lake / VIEWS[entity])
        if not files:
            return {}
        if len(known) <= FEW or _rows(files) > FEAST_ROWS:
            return lake_blobs(installation, entity, known, settings.lake.memory_mb)
    from features.feast_history import newest

    return newest(installation, entity, known)


def lake_blobs(
    installation: Installation, entity: Entity, asks: Sequence[tuple[str, int]], memory_mb: int
) -> dict[tuple[str, int], bytes]:
    """The same from the lake's files, while others merge and erase them. Unavailable if it cannot
    be read in `ATTEMPTS` attempts.
    """
    import duckdb

    from features.newest import newest

    spill = installation.run / "spill"
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * PAUSE_S)
        files = _files(installation.lake / VIEWS[entity])
        if not files:
            return {}
        try:
            return newest(files, entity, asks, memory_mb, spill)
        except duckdb.IOException:
            if all(file.exists() for file in files):
                raise
    raise Unavailable("the lake changes faster than it can be read: try again")


def _rows(files: Sequence[Path]) -> int:
    """How many rows these files hold, by their footers; what vanishes meanwhile counts nothing."""
    import pyarrow.parquet as pq

    total = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            total += pq.read_metadata(file).num_rows
    return total


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("day=*/*.parquet"))
