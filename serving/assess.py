"""assess: feature vectors → standings. The one path on which the api and the worker both score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from features.vector import FeatureVector
from features.windows import Value
from scoring import Score
from scoring.arms import CHALLENGER, CHAMPION, Place
from serving.inforce import Loaded
from signals.standing import Standing, stand

Lead = tuple[FeatureVector, Mapping[str, Value], str | None]
"""Its features, its other facts, its band before."""


def assess(
    loaded: Loaded,
    vectors: Sequence[FeatureVector],
    extra: Sequence[Mapping[str, Value]],
    bands_before: Sequence[str | None],
    degraded: tuple[str, ...] = (),
    *,
    contributions: bool = False,
) -> list[Standing]:
    """One standing a vector, in order, all from one release.

    While an experiment runs, each lead is scored by what its arm consists of. `extra` holds facts
    that are no features (`owner`, `email_domain`), one mapping a vector. The moment of a vector is
    the rules' fact `as_of`.
    """
    leads = list(zip(vectors, extra, bands_before, strict=True))
    trial = loaded.trial
    if trial is None:
        return _stand(loaded, leads, degraded, contributions)
    places = [trial.place(one.lead_id, one.account_id) for one in vectors]
    if trial.shadow:
        standings = _stand(loaded, leads, degraded, contributions)
        shadows = _stand(trial.challenger, leads, degraded, contributions=False)
        return [
            replace(one, place=place, shadow=shadow)
            for one, place, shadow in zip(standings, places, shadows, strict=True)
        ]
    arms = {CHAMPION: loaded, CHALLENGER: trial.challenger}
    made = {
        arm: iter(_stand(parts, _in(arm, leads, places), degraded, contributions))
        for arm, parts in arms.items()
    }
    return [replace(next(made[place.arm]), place=place) for place in places]


def _in(arm: str, leads: Sequence[Lead], places: Sequence[Place]) -> list[Lead]:
    return [lead for lead, place in zip(leads, places, strict=True) if place.arm == arm]


def _stand(
    loaded: Loaded, leads: Sequence[Lead], degraded: tuple[str, ...], contributions: bool
) -> list[Standing]:
    if not leads:
        return []
    vectors = [vector for vector, _, _ in leads]
    facts = [{**vector.values, **more, "as_of": vector.as_of} for vector, more, _ in leads]
    reports = loaded.rulebook.evaluate(facts, _snoozed(loaded, vectors))
    scores: Sequence[Score | None] = [None] * len(vectors)
    if loaded.scorer is not None:
        scores = loaded.scorer.score(vectors, contributions=contributions)
    missing = (*loaded.degraded, *degraded)
    return [
        stand(
            loaded.rulebook, loaded.release, loaded.scorer, vector, report, score, missing, before
        )
        for (vector, _, before), report, score in zip(leads, reports, scores, strict=True)
    ]


def _snoozed(loaded: Loaded, vectors: Sequence[FeatureVector]) -> list[frozenset[str]] | None:
    """For each lead the rules that are passed over for its account; None when nothing is."""
    if not loaded.snoozed.by_account:
        return None
    return [loaded.snoozed.of(one.account_id, one.as_of) for one in vectors]
