"""The CRM's own columns beside the features, where a model in force reads them.

They come from the record, in the look that brings a lead's owner and band anyway: no round trip to
the online store is added. Without such a model nothing is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from events.attributes import attributes_of
from features.vector import FeatureVector
from serving.release.inforce import Loaded


def attach(
    record: sa.Connection,
    loaded: Loaded,
    vectors: Sequence[FeatureVector],
    moment: int | None = None,
) -> None:
    """Puts what is known of each lead, now or at a past moment, into its vector's values."""
    wanted = columns_read(loaded)
    if not wanted:
        return
    told = attributes_of(record, [one.lead_id for one in vectors], moment, wanted)
    for one in vectors:
        one.values.update(told.get(one.lead_id, {}))


def columns_read(loaded: Loaded) -> frozenset[str]:
    """The columns that the champion reads, or the challenger of a running experiment."""
    challenger = loaded.trial.challenger if loaded.trial else None
    scorers = (loaded.scorer, challenger.scorer if challenger else None)
    return frozenset().union(*(one.columns for one in scorers if one is not None))
