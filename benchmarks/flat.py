"""What a team builds with Feast alone: a view of 60 plain columns for each entity, in Redis.

Its values are the numbers of the same leads at one moment: as they stand, they go stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.clock import to_datetime
from events.identity.index import Found
from features.definitions import FEATURES, Entity
from features.feast_store import connection_string
from features.names import KEYS
from features.vector import FeatureVector

if TYPE_CHECKING:
    from feast import FeatureStore

COLUMNS = 60
PROJECT = "flat"
"""Stands in each key of Redis, so that the leads' tiles live beside it untouched."""


def columns_of(entity: Entity) -> list[str]:
    """The entity's first 60 numeric features; where it has fewer, columns that stay 0."""
    names = [one.name for one in FEATURES if one.entity is entity and not one.is_word]
    spare = [f"{entity}_spare_{at}" for at in range(COLUMNS - len(names))]
    return [*names, *spare][:COLUMNS]


REFERENCES = [f"flat_{entity}:{name}" for entity in Entity for name in columns_of(entity)]


def flat_settings(folder: Path, url: str) -> dict[str, Any]:
    """What stands in a `feature_store.yaml` of the store whose registry lies in `folder`."""
    return {
        "project": PROJECT,
        "provider": "local",
        "registry": str(folder / "flat.db"),
        "offline_store": {"type": "duckdb"},
        "online_store": {"type": "redis", "connection_string": connection_string(url, 20.0)},
        "entity_key_serialization_version": 3,
    }


def open_flat(folder: Path, url: str) -> FeatureStore:
    """The store of a registry in `folder`; opening needs no `apply` once it was filled."""
    from feast import FeatureStore, RepoConfig

    return FeatureStore(config=RepoConfig(**flat_settings(folder, url)))


def fill_flat(folder: Path, url: str, vectors: Sequence[FeatureVector]) -> FeatureStore:
    """Applies the views and writes a row for each lead and each account."""
    import pandas as pd

    store = open_flat(folder, url)
    store.apply([one for entity in Entity for one in _declared(entity, folder)])
    for entity in Entity:
        rows = {_id(entity, one): _row(entity, one) for one in vectors if _id(entity, one)}
        if rows:
            store.write_to_online_store(f"flat_{entity}", pd.DataFrame(list(rows.values())))
    return store


def read_flat(store: FeatureStore, pairs: Sequence[Found]) -> dict[str, list[Any]]:
    """All 120 columns of these leads and their accounts, by Feast."""
    asked = [
        {KEYS[Entity.LEAD]: lead_id, KEYS[Entity.ACCOUNT]: account_id or ""}
        for lead_id, account_id in pairs
    ]
    told: Mapping[str, list[Any]] = store.get_online_features(REFERENCES, asked).to_dict()
    return dict(told)


def _declared(entity: Entity, folder: Path) -> tuple[Any, Any]:
    from feast import Entity as FeastEntity
    from feast import FeatureView, Field, FileSource, ValueType
    from feast.types import Float64, String

    key = KEYS[entity]
    whose = FeastEntity(name=f"flat_{entity}", join_keys=[key], value_type=ValueType.STRING)
    source = FileSource(
        name=f"flat_{entity}_rows",
        path=str(folder / f"flat_{entity}.parquet"),
        timestamp_field="event_timestamp",
    )
    schema = [Field(name=name, dtype=Float64) for name in columns_of(entity)]
    schema.append(Field(name=key, dtype=String))
    return whose, FeatureView(
        name=f"flat_{entity}", entities=[whose], schema=schema, source=source, online=True
    )


def _id(entity: Entity, one: FeatureVector) -> str | None:
    return one.lead_id if entity is Entity.LEAD else one.account_id


def _row(entity: Entity, one: FeatureVector) -> dict[str, Any]:
    values = {name: float(one.values.get(name) or 0.0) for name in columns_of(entity)}
    stamp = to_datetime(one.as_of)
    return {KEYS[entity]: _id(entity, one), "event_timestamp": stamp, **values}
