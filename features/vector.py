"""Lead and account together at one moment: what rules and models read."""

from __future__ import annotations

import msgspec

from features.definitions import Entity
from features.tiles import Tiles
from features.windows import Value, windows

_EMPTY = Tiles()


class FeatureVector(msgspec.Struct, frozen=True):
    """All features of a lead and its account, in the order of `definitions.FEATURES`."""

    lead_id: str
    account_id: str | None
    as_of: int
    values: dict[str, Value]


def vector(
    lead_id: str, account_id: str | None, lead: Tiles | None, account: Tiles | None, as_of: int
) -> FeatureVector:
    """Tiles that are missing count as empty: zero counts, missing times and words."""
    values = windows(lead or _EMPTY, as_of, Entity.LEAD)
    values.update(windows(account or _EMPTY, as_of, Entity.ACCOUNT))
    return FeatureVector(lead_id, account_id, as_of, values)
