"""Parity as a figure: values as they were served, against what history says they were.

For each row that a served vector was made from, Feast is asked which row was the newest one
*recorded* by its mark: `get_historical_features` with the created timestamp, so that history that
was imported later does not count. `features.windows` makes the values as of the moment of serving.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from core.installation import Installation
from features.definitions import Entity
from features.feast_history import newest
from features.names import VIEWS
from features.served import NAMES, Served
from features.vector import FeatureVector, Stored, vectors
from features.windows import Value

TOLERANCE = 1e-9
EXAMPLES = 20
"""Mismatches that are told one by one."""

Name = tuple[str, int]
"""An entity's id, and the mark of one of its rows."""


class Count(msgspec.Struct):
    compared: int = 0
    mismatches: int = 0


class Mismatch(msgspec.Struct, frozen=True):
    """One value that was served otherwise than history has it; `as_of` in microseconds, UTC."""

    feature: str
    lead_id: str
    as_of: int
    served: Value
    offline: Value


class Parity(msgspec.Struct):
    """What a comparison found. `filled` values are neither zero nor missing: those prove most."""

    vectors: int = 0
    compared: int = 0
    filled: int = 0
    mismatches: int = 0
    per_feature: dict[str, Count] = {}
    examples: list[Mismatch] = []


def vectors_for(values: int) -> int:
    """How many vectors hold at least so many values."""
    return -(-values // len(NAMES))


def compare(installation: Installation, served: Sequence[Served]) -> Parity:
    """Every value of these vectors against the lake; floats may differ by `TOLERANCE`."""
    found = Parity(per_feature={name: Count() for name in NAMES})
    for one, offline in zip(served, _offline(installation, served), strict=True):
        found.vectors += 1
        _take(found, one.vector, offline)
    return found


def _take(found: Parity, served: FeatureVector, offline: FeatureVector) -> None:
    for name, value in served.values.items():
        count = found.per_feature[name]
        count.compared += 1
        found.compared += 1
        found.filled += bool(value)
        if _equal(value, offline.values[name]):
            continue
        count.mismatches += 1
        found.mismatches += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append(
                Mismatch(name, served.lead_id, served.as_of, value, offline.values[name])
            )


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= TOLERANCE
    return left == right


def _offline(installation: Installation, served: Sequence[Served]) -> list[FeatureVector]:
    leads = {(one.vector.lead_id, one.mark.lead) for one in served}
    accounts = {(one.vector.account_id, one.mark.account) for one in served}
    lead_rows = _rows(installation, Entity.LEAD, leads)
    account_rows = _rows(installation, Entity.ACCOUNT, accounts)
    return vectors([_stored(one, lead_rows, account_rows) for one in served])


def _stored(one: Served, leads: Mapping[Name, bytes], accounts: Mapping[Name, bytes]) -> Stored:
    told = one.vector
    lead = leads.get((told.lead_id, one.mark.lead or 0))
    account = accounts.get((told.account_id or "", one.mark.account or 0))
    return Stored(told.lead_id, told.account_id, lead, account, told.as_of)


def _rows(
    installation: Installation, entity: Entity, names: Iterable[tuple[str | None, int | None]]
) -> dict[Name, bytes]:
    """The newest row recorded by each mark; entities that had none by then are missing."""
    asked = [(one, mark) for one, mark in names if one is not None and mark is not None]
    if not asked or not any((installation.lake / VIEWS[entity]).glob("**/*.parquet")):
        return {}
    return newest(installation, entity, asked, recorded=True)
