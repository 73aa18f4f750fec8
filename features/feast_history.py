"""History through Feast's `get_historical_features`: the reader of record, whatever the store."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from core.clock import to_datetime
from core.installation import Installation
from features.definitions import Entity
from features.feast_store import bound_memory
from features.names import KEYS, VALUE, VIEWS
from features.registry import open_history


def newest(
    installation: Installation,
    entity: Entity,
    asks: Sequence[tuple[str, int]],
    *,
    recorded: bool = False,
) -> dict[tuple[str, int], bytes]:
    """(entity id, moment in micros) → tiles; pairs with nothing known by then are missing.

    With `recorded`, what was recorded only later does not count: history imported since then.
    DefinitionError when the registry is of other definitions than the code.
    """
    import pandas as pd

    frame = pd.DataFrame(sorted(set(asks)), columns=[KEYS[entity], "moment"])
    frame["event_timestamp"] = pd.to_datetime([to_datetime(moment) for moment in frame["moment"]])
    bound_memory(installation)
    store = open_history(installation)
    with warnings.catch_warnings():
        # Feast turns them on for everybody; they are about words between its own libraries.
        warnings.simplefilter("ignore", DeprecationWarning)
        told = store.get_historical_features(
            entity_df=frame,
            features=[f"{VIEWS[entity]}:{VALUE}"],
            filter_by_created_timestamp=recorded,
        ).to_df()
    return {
        (name, moment): bytes(blob)
        for name, moment, blob in zip(told[KEYS[entity]], told["moment"], told[VALUE], strict=True)
        if isinstance(blob, bytes | memoryview)
    }
