"""assess: feature vectors → standings. The one path on which the api and the worker both score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.vector import FeatureVector
from features.windows import Value
from scoring import Score
from serving.inforce import Loaded
from signals.standing import Standing, stand


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

    `extra` holds facts that are no features (`owner`, `email_domain`), one mapping a vector. The
    moment of a vector is the rules' fact `as_of`.
    """
    facts = [
        {**vector.values, **more, "as_of": vector.as_of}
        for vector, more in zip(vectors, extra, strict=True)
    ]
    reports = loaded.rulebook.evaluate(facts, _snoozed(loaded, vectors))
    scores: Sequence[Score | None] = [None] * len(vectors)
    if loaded.scorer is not None:
        scores = loaded.scorer.score(vectors, contributions=contributions)
    missing = (*loaded.degraded, *degraded)
    return [
        stand(
            loaded.rulebook, loaded.release, loaded.scorer, vector, report, score, missing, before
        )
        for vector, report, score, before in zip(
            vectors, reports, scores, bands_before, strict=True
        )
    ]


def _snoozed(loaded: Loaded, vectors: Sequence[FeatureVector]) -> list[frozenset[str]] | None:
    """For each lead the rules that are passed over for its account; None when nothing is."""
    if not loaded.snoozed.by_account:
        return None
    return [loaded.snoozed.of(one.account_id, one.as_of) for one in vectors]
