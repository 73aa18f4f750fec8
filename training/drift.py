"""drift: how far leads, scores and their ends have moved away from what the champion was taught on.

Three looks, from the earliest sign to the surest: the values of the features that it reads, its
propensities, and how leads ended whose end it could not know. A report for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from core.database import reading
from core.errors import WorkError
from core.release import Release, current
from features.health import MUCH, SOME, Health
from features.health import look as look_at_features
from features.health_sample import sample_vectors
from features.spread import psi, spread_of
from scoring import Scorer
from scoring.cases import files, read_cases
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
    """Figures on leads whose end became known after it was trained; as `training.compare`."""
    then: dict[str, float]
    """The same on the leads that were held out when it was trained."""

    @property
    def moved(self) -> tuple[str, ...]:
        return tuple(name for name, told in self.features.items() if told > MUCH)


def look(installed: Installed, now: int) -> Drift:
    """WorkError without a champion or without leads."""
    release = current(installed.engine)
    if release.model_version is None:
        raise WorkError("no model is in force", do="run `leadline train` first")
    scorer = Scorer.load(
        installed.installation.releases / f"{release.model_name}-{release.model_version}"
    )
    report = look_at_features(installed.engine, installed.installation, now)
    with reading(installed.engine) as connection:
        sample = sample_vectors(connection, now)
    kept = _kept(installed, release)
    return Drift(
        champion=release.model_version,
        vectors=report.vectors,
        source=report.source,
        features=_features(report.features, frozenset(scorer.feature_names)),
        score=None
        if kept is None
        else _score(kept, propensities(installed.engine, scorer, sample.vectors)),
        fresh=_fresh(installed, release, kept, now),
        then={} if kept is None else _figures(kept, "held_out"),
    )


def _features(found: list[Health], read: frozenset[str]) -> dict[str, float]:
    told = {one.name: one.psi for one in found if one.name in read and one.psi is not None}
    return dict(sorted(told.items(), key=lambda pair: -pair[1]))


def _kept(installed: Installed, release: Release) -> pa.Table | None:
    """The champion's cases; None when they are gone."""
    name = f"{release.model_name}-{release.model_version}"
    for file in files(installed.installation):
        if file.stem == name and (cases := read_cases(file)):
            return cases.table
    return None


def _score(kept: pa.Table, now: Sequence[float]) -> float | None:
    """Propensities of today against those that the same model gave the leads that were held out."""
    import pyarrow.compute as pc

    then = kept.filter(pc.equal(kept["propensity_source"], "held_out"))["propensity"].to_pylist()
    return psi(spread_of(then), now) if then and now else None


def _fresh(
    installed: Installed, release: Release, kept: pa.Table | None, now: int
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
    known = pa.array(kept["crm_id"].to_pylist(), pa.string())
    return _figures(ended.filter(pc.invert(pc.is_in(ended["crm_id"], known))), "held_out")


def _figures(table: pa.Table, source: str) -> dict[str, float]:
    import pyarrow.compute as pc

    rows = table.filter(pc.equal(table["propensity_source"], source))
    won = rows["won"].to_pylist()
    if min(sum(won), len(won) - sum(won)) < LEAST:
        return {"rows": float(len(won)), "won": float(sum(won))}
    return compare(won, rows["propensity"].to_pylist())


def words(moved: float | None) -> str:
    """By the customary reading of a PSI."""
    if moved is None:
        return "unknown"
    return "none" if moved < SOME else "some" if moved <= MUCH else "much"
