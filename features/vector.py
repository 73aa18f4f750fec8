"""Lead and account together at one moment: what rules and models read."""

from __future__ import annotations

import msgspec

from features.definitions import FEATURES, Entity, Kind
from features.measures import DISTINCTS
from features.tiles import Tiles
from features.windows import Value, windows

_EMPTY = Tiles()
_PREFIX = {Entity.LEAD: "", Entity.ACCOUNT: "account_"}
_COUNTED = {
    entity: tuple(
        (distinct.number, prefix + distinct.name)
        for distinct in DISTINCTS
        if any(
            (one.entity, one.kind, one.of) == (entity, Kind.DISTINCT, distinct.name)
            for one in FEATURES
        )
    )
    for entity, prefix in _PREFIX.items()
}
"""Number and name of the distincts that features of an entity count."""


class FeatureVector(msgspec.Struct, frozen=True):
    """All features of a lead and its account, in the order of `definitions.FEATURES`."""

    lead_id: str
    account_id: str | None
    as_of: int
    values: dict[str, Value]
    capped: tuple[str, ...] = ()
    """Distincts whose cap was reached, an account's with `account_` before them: what `values`
    count of them are lower bounds.
    """


def vector(
    lead_id: str, account_id: str | None, lead: Tiles | None, account: Tiles | None, as_of: int
) -> FeatureVector:
    """Tiles that are missing count as empty: zero counts, missing times and words."""
    values = windows(lead or _EMPTY, as_of, Entity.LEAD)
    values.update(windows(account or _EMPTY, as_of, Entity.ACCOUNT))
    return FeatureVector(lead_id, account_id, as_of, values, _capped(lead, account))


def _capped(lead: Tiles | None, account: Tiles | None) -> tuple[str, ...]:
    return tuple(
        name
        for tiles, counted in ((lead, _COUNTED[Entity.LEAD]), (account, _COUNTED[Entity.ACCOUNT]))
        if tiles is not None and tiles.capped
        for number, name in counted
        if tiles.capped >> number & 1
    )
