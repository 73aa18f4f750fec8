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
from features.health_sample import (
    ENOUGH,
    Sample,
    aged_vectors,
    newest_by_feature,
    sample_vectors,
)
from features.profile import AGE, Like, Moved, Profile, like, moved, near, read_profile

SOME, MUCH = 0.1, 0.25
"""PSI from which a feature has drifted somewhat, and much."""


class Health(msgspec.Struct, frozen=True):
    """One feature. `newest` is when the newest row that fills it was known (microseconds, UTC) and
    `age_s` how long ago that is; None when no row that was looked at does. `psi` is None, and
    `drift` unknown, without a profile to compare with; `chance` is the PSI that chance alone hardly
    ever passes.
    """

    name: str
    entity: str
    newest: int | None
    age_s: float | None
    null_rate: float
    psi: float | None
    drift: str
    chance: float | None = None


class Report(msgspec.Struct, frozen=True):
    """All features, in the order of their table, and what they were judged by."""

    at: int
    source: str
    vectors: int
    model: str | None
    taught_on: int | None
    """Vectors in the training set; None without a model, or if it came without a profile."""
    features: list[Health]
    compared: int | None = None
    """Vectors of leads near a taught age, by which drift is judged; None where there is no profile
    or one from before it told ages.
    """


def ages_differ(found: Sequence[Health]) -> bool:
    """Whether the sample's leads are of other ages than those of the training set: then features
    that grow or fade with age have moved too, and their drift says little of the population. Never
    where a profile tells ages: leads of other ages are not compared with it.
    """
    return any(one.name == AGE and one.drift == "much" for one in found)


def like_taught(connection: sa.Connection, sample: Sample, profile: Profile, now: int) -> Like:
    """What of a sample can be compared with a profile; where that is little, leads of the
    taught ages as they stand now.
    """
    found = like(profile, sample.vectors)
    if len(found.vectors) >= ENOUGH or not profile.ages:
        return found
    aged = aged_vectors(connection, now, [near(age) for age in profile.ages])
    return max(found, like(profile, aged), key=lambda one: len(one.vectors))


def look(engine: sa.Engine, installation: Installation, now: int) -> Report:
    """WorkError when there is no lead yet, or the model's profile cannot be read."""
    release = current(engine)
    model = f"{release.model_name}-{release.model_version}" if release.model_name else None
    profile = read_profile(installation.releases / model) if model else None
    with reading(engine) as connection:
        sample = sample_vectors(connection, now)
        newest = newest_by_feature(connection)
        alike = like_taught(connection, sample, profile, now) if profile else None
    if not sample.vectors:
        raise WorkError("there is no lead to look at yet", do="send or import some events first")
    return Report(
        at=now,
        source=sample.source,
        vectors=len(sample.vectors),
        model=model,
        taught_on=profile.examples if profile else None,
        features=judge(sample, newest, profile, now, alike),
        compared=len(alike.vectors) if alike and profile and profile.ages else None,
    )


def judge(
    sample: Sample,
    newest: dict[str, int],
    profile: Profile | None,
    now: int,
    alike: Like | None = None,
) -> list[Health]:
    """Every feature by a sample that is not empty; its drift by the vectors that are `alike`."""
    if profile and alike is None:
        alike = like(profile, sample.vectors)
    found = []
    for feature in FEATURES:
        values = [one.values[feature.name] for one in sample.vectors]
        gone = _moved(profile, alike, feature.name)
        known_at = newest.get(feature.name)
        found.append(
            Health(
                name=feature.name,
                entity=feature.entity.value,
                newest=known_at,
                age_s=None if known_at is None else (now - known_at) / SECOND,
                null_rate=values.count(None) / len(values),
                psi=gone.psi if gone else None,
                drift=word(gone),
                chance=gone.chance if gone else None,
            )
        )
    return found


def _moved(profile: Profile | None, alike: Like | None, name: str) -> Moved | None:
    if profile is None or alike is None:
        return None
    return moved(profile, name, [one.values[name] for one in alike.vectors], alike.weights)


def word(gone: Moved | None) -> str:
    """By the customary reading of a PSI; what chance explains is no drift."""
    if gone is None:
        return "unknown"
    if gone.psi < SOME or gone.psi <= gone.chance:
        return "none"
    return "some" if gone.psi <= MUCH else "much"
