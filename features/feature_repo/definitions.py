"""What `feast apply` scans: two entities, a view of tiles each, and the models' feature service.

Values are made from tiles by `features.windows`, after retrieval, online and offline alike.
"""

import os
from datetime import timedelta
from pathlib import Path

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Bytes

from features.names import CREATED, KEYS, KNOWN_AT, SERVICE, VALUE, VIEWS

LAKE = Path(os.environ["LEADLINE_LAKE"])


def _view(entity: str) -> FeatureView:
    source = FileSource(
        name=f"{VIEWS[entity]}_rows",
        path=str(LAKE / VIEWS[entity] / "**" / "*.parquet"),
        timestamp_field=KNOWN_AT,
        created_timestamp_column=CREATED,
    )
    return FeatureView(
        name=VIEWS[entity],
        entities=[Entity(name=entity, join_keys=[KEYS[entity]], value_type=ValueType.STRING)],
        ttl=timedelta(0),
        schema=[Field(name=VALUE, dtype=Bytes)],
        source=source,
        online=True,
    )


lead_tiles = _view("lead")
account_tiles = _view("account")
lead_propensity = FeatureService(name=SERVICE, features=[lead_tiles, account_tiles])
