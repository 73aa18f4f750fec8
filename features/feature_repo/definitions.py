"""What `feast apply` scans: two entities, a view of tiles each, and the service of all features.

A model version's own service is applied when it is published (`features.services`).
Values are made from tiles by `features.windows`, after retrieval, online and offline alike.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_source import DataSource
from feast.types import Bytes, String

from features.definitions import FEATURES
from features.names import CREATED, KEYS, KNOWN_AT, SERVICE, VALUE, VIEWS
from features.services import service_of

LAKE = Path(os.environ["LEADLINE_LAKE"])
OFFLINE = os.environ.get("LEADLINE_OFFLINE", "duckdb")

ENTITIES = {
    name: Entity(name=name, join_keys=[key], value_type=ValueType.STRING)
    for name, key in KEYS.items()
}
lead, account = ENTITIES["lead"], ENTITIES["account"]


def _source(view: str) -> DataSource:
    times: dict[str, Any] = {"timestamp_field": KNOWN_AT, "created_timestamp_column": CREATED}
    if OFFLINE == "postgres":
        from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import (
            PostgreSQLSource,
        )

        return PostgreSQLSource(name=f"{view}_rows", table=view, **times)
    return FileSource(name=f"{view}_rows", path=str(LAKE / view / "**" / "*.parquet"), **times)


def _view(entity: str) -> FeatureView:
    return FeatureView(
        name=VIEWS[entity],
        entities=[ENTITIES[entity]],
        ttl=timedelta(0),
        # The key stands in the schema as well: else Feast opens the files to infer its type, and
        # cannot do so before there are any.
        schema=[Field(name=KEYS[entity], dtype=String), Field(name=VALUE, dtype=Bytes)],
        source=_source(VIEWS[entity]),
        online=True,
    )


lead_tiles = _view("lead")
account_tiles = _view("account")
lead_propensity = FeatureService(
    name=SERVICE,
    features=[lead_tiles, account_tiles],
    tags=service_of(SERVICE, [one.name for one in FEATURES]).tags,
)
