"""Rules and model together: where one lead stands, and the contract's score answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from core.clock import to_iso
from core.release import Release
from features.vector import FeatureVector
from features.windows import Value
from signals.reasons import reasons

if TYPE_CHECKING:
    from rules import Rulebook, RuleReport
    from scoring import Score, Scorer
    from scoring.arms import Place

Explain = Literal["none", "short", "full"]
_told = lru_cache(64)(to_iso)
"""A thousand answers of one call tell of the same moments."""
_NOTHING: Mapping[str, Value] = MappingProxyType({})


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One lead at `vector.as_of` under one release. `scorer` and `score` are both there or not."""

    vector: FeatureVector
    release: Release
    rulebook: Rulebook
    report: RuleReport
    scorer: Scorer | None
    score: Score | None
    priority: float
    """0–100."""
    band: str
    degraded: tuple[str, ...]
    """Optional inputs this standing did without."""
    known_to: int | None = None
    """All events recorded by then are in the features; None when nobody could say."""
    beside: Mapping[str, Value] = _NOTHING
    """The facts that are no features."""
    band_before: str | None = None
    place: Place | None = None
    """The lead's arm; None while no experiment runs."""
    shadow: Standing | None = None
    """What a challenger that only shadows makes of the same lead; never acted on."""


def stand(  # noqa: PLR0917 - the parts of a score, in the order in which they are made
    rulebook: Rulebook,
    release: Release,
    scorer: Scorer | None,
    vector: FeatureVector,
    report: RuleReport,
    score: Score | None,
    degraded: tuple[str, ...],
    band_before: str | None,
    known_to: int | None = None,
    beside: Mapping[str, Value] = _NOTHING,
) -> Standing:
    """Priority and band of one lead; without a score from rules alone, and it says so.

    A suppressed lead is never hot, whatever thresholds an edited catalog has.
    """
    if score is None or scorer is None:
        score = scorer = None
        degraded = (*degraded, "model")
    elif scorer.weight < 1:
        # Few ends taught this model: the rules say their part of the propensity.
        score = scorer.blended(score, rulebook.priority(report, None))
    if report.failed:
        degraded = (*degraded, *(f"rule:{name}" for name in report.failed))
    priority = rulebook.priority(report, score.propensity if score else None)
    band = rulebook.band(priority, band_before)
    return Standing(
        vector=vector,
        release=release,
        rulebook=rulebook,
        report=report,
        scorer=scorer,
        score=score,
        priority=priority,
        band="warm" if report.suppressed and band == "hot" else band,
        degraded=tuple(dict.fromkeys(degraded)) if degraded else (),
        known_to=known_to,
        beside=beside,
        band_before=band_before,
    )


def answer(standing: Standing, explain: Explain) -> dict[str, Any]:
    """The score JSON of the contract. `none` leaves `reasons` empty; `full` adds log-odds.

    With `full`, `base` and the `contributions` sum to `margin`; they are null without a model. The
    propensity is 1 / (1 + exp(-x)), x being weight · calibrated_margin + (1 - weight) ·
    rules_margin, which is null where the weight is 1. `experiment` is there only while one runs.
    """
    report, score, scorer = standing.report, standing.score, standing.scorer
    told: dict[str, Any] = {
        "lead_id": standing.vector.lead_id,
        "account_id": standing.vector.account_id,
        "as_of": _told(standing.vector.as_of),
        "propensity": score.propensity if score else None,
        "fit": {"points": report.fit_points, "grade": report.grade},
        "intent": {"points": report.intent_points},
        "negative": {
            "points": report.negative_points,
            "suppressed": report.suppressed,
            "by": list(report.by),
        },
        "priority": round(standing.priority, 1),
        "band": standing.band,
        "reasons": [] if explain == "none" else reasons(standing),
        "model": _model(standing),
        "rules": _rules(standing),
        "degraded": list(standing.degraded),
        "features_as_of": None if standing.known_to is None else _told(standing.known_to),
    }
    if standing.place is not None:
        told["experiment"] = {"id": standing.place.experiment, "arm": standing.place.arm}
    if explain == "full":
        told["contributions"] = score.contributions if score else None
        told["base"] = score.base if score else None
        told["margin"] = score.margin if score else None
        told["calibrated_margin"] = scorer.logit_at(score.margin) if score and scorer else None
        told["rules_margin"] = score.rules_margin if score else None
    return told


def _rules(standing: Standing) -> dict[str, Any]:
    """`snoozed` is there only when a rule was passed over for this account."""
    told: dict[str, Any] = {"version": str(standing.release.rules_version)}
    return {**told, "snoozed": list(standing.report.snoozed)} if standing.report.snoozed else told


def _model(standing: Standing) -> dict[str, Any] | None:
    scorer = standing.scorer
    if scorer is None:
        return None
    arm = standing.place.arm if standing.place else None
    blend = scorer.blend
    return {
        "name": scorer.name,
        "version": scorer.version,
        "alias": scorer.alias,
        "arm": arm,
        "weight": scorer.weight,
        "evidence": {"won": blend.won, "lost": blend.lost} if blend else None,
    }
