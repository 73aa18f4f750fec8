"""assess: feature vectors → standings. The one path on which the api and the worker both score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from features.vector import FeatureVector
from features.windows import Value
from rules import RuleReport
from scoring import Score
from scoring.arms import CHALLENGER, CHAMPION, Place
from serving.release.inforce import Loaded
from serving.release.trial import Trial
from serving.score.fact_table import facts_of
from serving.worker.stages import StageOf, untimed
from signals.standing import Standing, stand


class _Lead(NamedTuple):
    vector: FeatureVector
    extra: Mapping[str, Value]
    band_before: str | None
    degraded: tuple[str, ...]


class _How(NamedTuple):
    strongest: bool
    contributions: bool
    known_to: int | None
    stage: StageOf


def assess(
    loaded: Loaded,
    vectors: Sequence[FeatureVector],
    extra: Sequence[Mapping[str, Value]],
    bands_before: Sequence[str | None],
    degraded: Sequence[tuple[str, ...]] = (),
    *,
    strongest: bool = False,
    contributions: bool = False,
    known_to: int | None = None,
    stage: StageOf = untimed,
) -> list[Standing]:
    """One standing a vector, in order, all from one release.

    While an experiment runs, each lead is scored by what its arm consists of. `extra` holds facts
    that are no features (`owner`, `email_domain`), one mapping a vector. The moment of a vector is
    the rules' fact `as_of`. All events recorded by `known_to` are in the vectors. `strongest` is
    what short reasons need of a model, `contributions` what full ones do. `degraded` names what
    each vector was made without (empty: nothing is missing of any). `stage` is told of `rules`,
    `model` and `stand`.
    """
    missing = degraded or [()] * len(vectors)
    leads = [_Lead(*lead) for lead in zip(vectors, extra, bands_before, missing, strict=True)]
    how = _How(strongest, contributions, known_to, stage)
    trial = loaded.trial
    if trial is None:
        return _stand(loaded, leads, _evaluate(loaded, leads, how), how)
    places = [trial.place(one.lead_id, one.account_id) for one in vectors]
    if trial.shadow:
        standings = _beside(loaded, trial, leads, how)
    else:
        standings = _apart(loaded, trial, leads, places, how)
    return [replace(one, place=place) for one, place in zip(standings, places, strict=True)]


def _apart(
    loaded: Loaded, trial: Trial, leads: Sequence[_Lead], places: Sequence[Place], how: _How
) -> list[Standing]:
    """Each lead by its arm. Rules that both arms share are asked once: batches are faster whole."""
    shared = _evaluate(loaded, leads, how) if _same_rules(loaded, trial) else None
    made: dict[int, Standing] = {}
    for arm, parts in ((CHAMPION, loaded), (CHALLENGER, trial.challenger)):
        mine = [at for at, place in enumerate(places) if place.arm == arm]
        own = [leads[at] for at in mine]
        reports = _evaluate(parts, own, how) if shared is None else [shared[at] for at in mine]
        made.update(zip(mine, _stand(parts, own, reports, how), strict=True))
    return [made[at] for at in range(len(leads))]


def _beside(loaded: Loaded, trial: Trial, leads: Sequence[_Lead], how: _How) -> list[Standing]:
    """All by the champion, with what the challenger would make of them."""
    reports = _evaluate(loaded, leads, how)
    others = reports if _same_rules(loaded, trial) else _evaluate(trial.challenger, leads, how)
    shadows = _stand(
        trial.challenger, leads, others, how._replace(strongest=False, contributions=False)
    )
    standings = _stand(loaded, leads, reports, how)
    return [replace(one, shadow=shadow) for one, shadow in zip(standings, shadows, strict=True)]


def _same_rules(loaded: Loaded, trial: Trial) -> bool:
    return trial.challenger.rulebook is loaded.rulebook


def _evaluate(loaded: Loaded, leads: Sequence[_Lead], how: _How) -> list[RuleReport]:
    if not leads:
        return []
    with how.stage("rules"):
        facts = facts_of([lead.vector for lead in leads], [lead.extra for lead in leads])
        return loaded.rulebook.evaluate(facts, _snoozed(loaded, leads))


def _stand(
    loaded: Loaded, leads: Sequence[_Lead], reports: Sequence[RuleReport], how: _How
) -> list[Standing]:
    scores: Sequence[Score | None] = [None] * len(leads)
    if loaded.scorer is not None:
        vectors = [lead.vector for lead in leads]
        with how.stage("model"):
            scores = loaded.scorer.score(
                vectors, contributions=how.contributions, strongest=how.strongest
            )
    with how.stage("stand"):
        return [
            stand(
                loaded.rulebook, loaded.release, loaded.scorer, vector, report, score,
                loaded.degraded + missing, before, how.known_to, beside,
            )
            for (vector, beside, before, missing), report, score in zip(
                leads, reports, scores, strict=True
            )
        ]  # fmt: skip


def _snoozed(loaded: Loaded, leads: Sequence[_Lead]) -> list[frozenset[str]] | None:
    """For each lead the rules that are passed over for its account; None when nothing is."""
    if not loaded.snoozed.by_account:
        return None
    return [loaded.snoozed.of(one.account_id, one.as_of) for one, *_ in leads]
