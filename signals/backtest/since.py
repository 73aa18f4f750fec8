"""Leads whose end became known since training: read point in time, from the lake."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import reading
from core.installation import Installation
from events.attributes import attributes_at, key_of
from events.labels import Label
from events.types import Identifier, IdentifierKind
from features.vector import FeatureVector
from scoring import ModelRefused, Scorer
from scoring.cases import Case, Origin, Source, case_of
from signals.beside import beside_then
from signals.propensities import propensities


def read_cases_since(
    installation: Installation,
    engine: sa.Engine,
    labels: Sequence[Label],
    origin: Origin,
    label_days: int,
    now: int,
) -> list[Case]:
    """Point in time, from the lake. The model of `origin` was not taught with these leads."""
    from features.offline import Ask, vectors

    wanted = [one for one in labels if one.moment(origin.moment_days) <= now]
    if not wanted:
        return []
    asks = [
        Ask(Identifier(IdentifierKind.CRM_ID, one.crm_id), one.moment(origin.moment_days))
        for one in wanted
    ]
    pairs = zip(wanted, vectors(installation, engine, asks), strict=True)
    found = [(one, vector) for one, vector in pairs if vector is not None]
    seen = [vector for _, vector in found]
    _attach(installation, engine, found)
    scorer = _scorer(installation, origin)
    chances: Sequence[float | None] = (
        propensities(engine, scorer, seen) if scorer else [None] * len(seen)
    )
    with reading(engine) as connection:
        beside = beside_then(connection, seen)
    told: list[tuple[float | None, Source]] = [
        (chance, "none" if chance is None else "held_out") for chance in chances
    ]
    return [
        case_of(one, vector, extra, chance, label_days)
        for (one, vector), extra, chance in zip(found, beside, told, strict=True)
    ]


def _attach(
    installation: Installation, engine: sa.Engine, found: Sequence[tuple[Label, FeatureVector]]
) -> None:
    """Puts the CRM's own columns beside the features: a model may read them."""
    secret = installation.secret()
    with reading(engine) as connection:
        asks = [(key_of(secret, one.crm_id), vector.as_of) for one, vector in found]
        told = attributes_at(connection, asks)
    for (_, vector), values in zip(found, told, strict=True):
        vector.values.update(values)


def _scorer(installation: Installation, origin: Origin) -> Scorer | None:
    if origin.model is None:
        return None
    try:
        return Scorer.load(installation.releases / f"{origin.model}-{origin.version}")
    except ModelRefused:
        return None
