"""History through Feast's `get_historical_features`: the reader of record, whatever the store."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.clock import to_datetime
from core.errors import Unavailable
from core.installation import Installation
from features.definitions import Entity
from features.feast_store import bound_memory
from features.names import KEYS, VALUE, VIEWS
from features.offline import ATTEMPTS, PAUSE_S
from features.registry import open_history

if TYPE_CHECKING:
    import pandas as pd
    from feast import FeatureStore


def newest(
    installation: Installation,
    entity: Entity,
    asks: Sequence[tuple[str, int]],
    *,
    recorded: bool = False,
) -> dict[tuple[str, int], bytes]:
    """(entity id, moment in micros) → tiles; pairs with nothing known by then are missing.

    With `recorded`, what was recorded only later does not count: history imported since then.
    DefinitionError when the registry is of other definitions than the code, Unavailable when files
    are replaced under it again and again.
    """
    import pandas as pd

    frame = pd.DataFrame(sorted(set(asks)), columns=[KEYS[entity], "moment"])
    frame["event_timestamp"] = pd.to_datetime([to_datetime(moment) for moment in frame["moment"]])
    bound_memory(installation)
    told = _ask(open_history(installation), entity, frame, recorded)
    return {
        (name, moment): bytes(blob)
        for name, moment, blob in zip(told[KEYS[entity]], told["moment"], told[VALUE], strict=True)
        if isinstance(blob, bytes | memoryview)
    }


def _ask(store: FeatureStore, entity: Entity, frame: pd.DataFrame, recorded: bool) -> pd.DataFrame:
    """Again if a file that it had listed was erased or merged away meanwhile."""
    import duckdb

    gone: duckdb.IOException | None = None
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * PAUSE_S)
        try:
            with warnings.catch_warnings():
                # Feast turns them on for everybody; they are about its own libraries' words.
                warnings.simplefilter("ignore", DeprecationWarning)
                return store.get_historical_features(
                    entity_df=frame,
                    features=[f"{VIEWS[entity]}:{VALUE}"],
                    filter_by_created_timestamp=recorded,
                ).to_df()
        except duckdb.IOException as fault:
            gone = fault
    raise Unavailable(f"the lake changes faster than it can be read ({gone}): try again") from gone
