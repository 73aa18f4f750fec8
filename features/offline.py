"""Vectors as of past moments, point in time, through Feast's `get_historical_features`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from core.clock import to_datetime
from core.database import reading
from core.installation import Installation
from events.identity.history import Owner, accounts_at, owners_at
from events.types import Identifier
from features.definitions import Entity
from features.feast_store import apply, bound_memory, open_store
from features.names import KEYS, VALUE, VIEWS
from features.tiles import decode
from features.vector import FeatureVector, vector

if TYPE_CHECKING:
    import pandas as pd


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
    # Tiles are decoded one by one: all of them at once take ten times the room of their bytes.
    return [
        vector(
            owner[0],
            owner[1],
            decode(leads.get((owner[0], moment), b"")),
            decode(accounts.get((owner[1] or "", moment), b"")),
            moment,
        )
        if owner
        else None
        for owner, moment in zip(owners, moments, strict=True)
    ]


def _blobs(
    installation: Installation, entity: Entity, asks: Sequence[tuple[str | None, int]]
) -> dict[tuple[str, int], bytes]:
    """The newest row known by each moment. Entities without one are missing."""
    if not asks or not any((installation.lake / VIEWS[entity]).glob("**/*.parquet")):
        return {}
    frame = _history(installation, entity, asks)
    return {
        (name, moment): blob
        for name, moment, blob in zip(
            frame[KEYS[entity]], frame["moment"], frame[VALUE], strict=True
        )
        if isinstance(blob, bytes)
    }


def _history(
    installation: Installation, entity: Entity, asks: Sequence[tuple[str | None, int]]
) -> pd.DataFrame:
    import pandas as pd

    told = sorted({(name, moment) for name, moment in asks if name})
    frame = pd.DataFrame(told, columns=[KEYS[entity], "moment"])
    frame["event_timestamp"] = pd.to_datetime([to_datetime(moment) for moment in frame["moment"]])
    bound_memory(installation)
    store = open_store(installation, None)
    if not set(VIEWS.values()) <= {view.name for view in store.list_feature_views()}:
        apply(installation)
    return store.get_historical_features(
        entity_df=frame, features=[f"{VIEWS[entity]}:{VALUE}"]
    ).to_df()
