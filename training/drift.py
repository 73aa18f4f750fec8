"""drift: how far leads, scores and their ends have moved away from what the champion was taught on.

Three looks, from the earliest sign to the surest: the values of the features that it reads and its
propensities, both beside leads of like age, and how leads ended whose end it could not know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from core.database import reading
from core.errors import WorkError
from core.release import Release, current
from events.attributes import attributes_of
from features.health import MUCH, like_taught, word
from features.health_sample import sample_vectors
from features.profile import LEAST as AGED_LEAST
from features.profile import Like, Moved, Profile, at_one_age, moved, read_profile
from features.spread import all_shares, by_chance, psi, spread_of
from features.vector import FeatureVector
from scoring import Scorer
from scoring.cases import Cases, files, read_cases
from signals.propensities import propensities
from training.commands.installed import Installed
from training.compare import compare

if TYPE_CHECKING:
    import pyarrow as pa

LEAST = 10
"""Leads won, and lost, without which fresh ends say nothing."""


class Drift(msgspec.Struct, frozen=True):
    """Figures of the champion. `psi` as in `features.spread`; None where nothing can be told."""

    champion: str
    vectors: int
    source: str
    """`served`: what was scored last; `current`: leads as they stand now."""
    features: dict[str, float]
    """PSI of those that it reads, the largest first."""
    score: float | None
    fresh: dict[str, float]
    """Figures on leads whose end became known after it was trained; as `training.compare`, with how
    many of them were foretold to be won, and the standard error of that.
    """
    then: dict[str, float]
    """The same on the leads that were held out when it was trained."""
    name: str = "lead_propensity"
    compared: int | None = None
    """Of the vectors, those near an age that was taught, or as many leads as stand there now; the
    indices are of them. None where the model's profile tells no ages.
    """
    chance: dict[str, float] = {}
    """PSI of each feature that chance alone hardly ever passes."""
    score_chance: float | None = None

    @property
    def moved(self) -> tuple[str, ...]:
        return tuple(
            name
            for name, told in self.features.items()
            if told > max(MUCH, self.chance.get(name, 0.0))
        )


def look(installed: Installed, now: int) -> Drift:
    """WorkError without a champion or without leads."""
    release = current(installed.engine)
    if release.model_version is None:
        raise WorkError("no model is in force", do="run `leadline train` first")
    folder = installed.installation.releases / f"{release.model_name}-{release.model_version}"
    scorer, profile = Scorer.load(folder), read_profile(folder)
    kept = _kept(installed, release)
    with reading(installed.engine) as connection:
        sample = sample_vectors(connection, now)
        alike = like_taught(connection, sample, profile, now) if profile else None
        judged = alike.vectors if alike else sample.vectors
        least = 1
        if profile and profile.ages and kept:
            # The propensities to compare with are of leads at this age.
            aged = at_one_age(profile, kept.origin.moment_days)
            judged, least = like_taught(connection, sample, aged, now).vectors, AGED_LEAST
        _attach(connection, scorer, [*(alike.vectors if alike else ()), *judged])
    if not sample.vectors:
        raise WorkError("there is no lead to look at yet", do="send or import some events first")
    found = _features(profile, alike, frozenset(scorer.feature_names))
    score = _score(installed, scorer, kept, judged) if len(judged) >= least else None
    return Drift(
        champion=release.model_version,
        name=release.model_name or "",
        vectors=len(sample.vectors),
        source=sample.source,
        compared=len(alike.vectors) if alike and profile and profile.ages else None,
        features={name: one.psi for name, one in found.items()},
        chance={name: one.chance for name, one in found.items()},
        score=score.psi if score else None,
        score_chance=score.chance if score else None,
        fresh=_fresh(installed, release, kept, now),
        then={} if kept is None else _figures(kept.table, "held_out"),
    )


def _attach(connection: sa.Connection, scorer: Scorer, vectors: Sequence[FeatureVector]) -> None:
    """The CRM's own columns, where the champion reads any."""
    if not scorer.columns:
        return
    told = attributes_of(connection, [one.lead_id for one in vectors], None, scorer.columns)
    for one in vectors:
        known = told.get(one.lead_id, {})
        one.values.update({name: known.get(name) for name in scorer.columns})


def _features(
    profile: Profile | None, alike: Like | None, read: frozenset[str]
) -> dict[str, Moved]:
    """The largest first."""
    if profile is None or alike is None or not alike.vectors:
        return {}
    told = {}
    for name in read & alike.vectors[0].values.keys():
        values = [one.values[name] for one in alike.vectors]
        if found := moved(profile, name, values, alike.weights):
            told[name] = found
    return dict(sorted(told.items(), key=lambda pair: (-pair[1].psi, pair[0])))


def _kept(installed: Installed, release: Release) -> Cases | None:
    """The champion's cases; None when they are gone."""
    name = f"{release.model_name}-{release.model_version}"
    for file in files(installed.installation):
        if file.stem == name:
            return read_cases(file)
    return None


def _score(
    installed: Installed, scorer: Scorer, kept: Cases | None, vectors: Sequence[FeatureVector]
) -> Moved | None:
    """Propensities of today against those that the same model gave the leads that were held out."""
    import pyarrow.compute as pc

    if kept is None or not vectors:
        return None
    held_out = pc.equal(kept.table["propensity_source"], "held_out")
    then = kept.table.filter(held_out)["propensity"].to_pylist()
    if not then:
        return None
    now = propensities(installed.engine, scorer, vectors)
    spread = spread_of(then)
    return Moved(psi(spread, now), by_chance(len(all_shares(spread)), len(now), len(then)))


def _fresh(
    installed: Installed, release: Release, kept: Cases | None, now: int
) -> dict[str, float]:
    """Leads that are not among its cases: it was neither taught nor tested with them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from core.clock import DAY
    from signals.backtest.past import past

    if kept is None:
        return {}
    models = installed.settings.models
    ended = past(
        installed.installation, installed.engine, models, release, now, days=now // DAY
    ).table
    known = pa.array(kept.table["crm_id"].to_pylist(), pa.string())
    return _figures(ended.filter(pc.invert(pc.is_in(ended["crm_id"], known))), "held_out")


def _figures(table: pa.Table, source: str) -> dict[str, float]:
    import pyarrow.compute as pc

    rows = table.filter(pc.equal(table["propensity_source"], source))
    # Only leads that were still open are scored, and only they taught the chances.
    rows = rows.filter(pc.greater(rows["settled_at"], rows["moment"]))
    won, chances = rows["won"].to_pylist(), rows["propensity"].to_pylist()
    if min(sum(won), len(won) - sum(won)) < LEAST:
        return {"rows": float(len(won)), "won": float(sum(won))}
    error = math.sqrt(sum(one * (1 - one) for one in chances))
    return compare(won, chances) | {"expected_won": sum(chances), "expected_error": error}


def words(value: float | None, chance: float | None = None) -> str:
    """By the customary reading of a PSI."""
    return word(None if value is None else Moved(value, chance or 0.0))
