"""How each feature is: how fresh, how often missing, how far from what the model was taught on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.clock import SECOND
from core.database import reading
from core.errors import WorkError
from core.installation import Installation
from core.release import current
from features.definitions import FEATURES
from features.health_sample import Sample, newest_by_feature, sample_vectors
from features.profile import Profile, psi, read_profile

AGE = "lead_age_days"
SOME, MUCH = 0.1, 0.25
"""PSI from which a feature has drifted somewhat, and much."""


class Health(msgspec.Struct, frozen=True):
    """One feature. `newest` is when the newest row that fills it was known (microseconds, UTC) and
    `age_s` how long ago that is; None when no row that was looked at does. `psi` is None, and
    `drift` unknown, without a profile to compare with.
    """

    name: str
    entity: str
    newest: int | None
    age_s: float | None
    null_rate: float
    psi: float | None
    drift: str


class Report(msgspec.Struct, frozen=True):
    """All features, in the order of their table, and what they were judged by."""

    at: int
    source: str
    vectors: int
    model: str | None
    taught_on: int | None
    """Vectors in the training set; None without a model, or if it came without a profile."""
    features: list[Health]


def ages_differ(found: Sequence[Health]) -> bool:
    """Whether the sample's leads are of other ages than those of the training set: then features
    that grow or fade with age have moved too, and their drift says little of the population.
    """
    return any(one.name == AGE and one.drift == "much" for one in found)


def look(engine: sa.Engine, installation: Installation, now: int) -> Report:
    """WorkError when there is no lead yet, or the model's profile cannot be read."""
    with reading(engine) as connection:
        sample = sample_vectors(connection, now)
        newest = newest_by_feature(connection)
    if not sample.vectors:
        raise WorkError("there is no lead to look at yet", do="send or import some events first")
    release = current(engine)
    model = f"{release.model_name}-{release.model_version}" if release.model_name else None
    profile = read_profile(installation.releases / model) if model else None
    return Report(
        at=now,
        source=sample.source,
        vectors=len(sample.vectors),
        model=model,
        taught_on=profile.examples if profile else None,
        features=judge(sample, newest, profile, now),
    )


def judge(
    sample: Sample, newest: dict[str, int], profile: Profile | None, now: int
) -> list[Health]:
    """Every feature by a sample that is not empty."""
    found = []
    for feature in FEATURES:
        values = [one.values[feature.name] for one in sample.vectors]
        spread = profile.spreads.get(feature.name) if profile else None
        moved = None if spread is None else psi(spread, values)
        known_at = newest.get(feature.name)
        found.append(
            Health(
                name=feature.name,
                entity=feature.entity.value,
                newest=known_at,
                age_s=None if known_at is None else (now - known_at) / SECOND,
                null_rate=values.count(None) / len(values),
                psi=moved,
                drift=_drift(moved),
            )
        )
    return found


def _drift(moved: float | None) -> str:
    if moved is None:
        return "unknown"
    return "none" if moved < SOME else "some" if moved <= MUCH else "much"
