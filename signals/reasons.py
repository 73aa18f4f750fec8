"""Why a lead stands where it stands: at most five lines that a seller understands.

Effects are in priority points, so that a rule and a feature can be compared. A feature's effect is
what the priority would lose without its contribution: points(p) − points(p without it).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from scoring.wording import tell

if TYPE_CHECKING:
    from signals.standing import Standing

MOST = 5
_FELT = 0.05
"""Smaller effects would be shown as 0.0."""


def reasons(standing: Standing) -> list[dict[str, Any]]:
    """Rule hits and feature contributions, strongest effect first."""
    found = [*_rule_reasons(standing), *_feature_reasons(standing)]
    found.sort(key=lambda reason: -abs(reason["effect"]))
    return found[:MOST]


def _rule_reasons(standing: Standing) -> list[dict[str, Any]]:
    with_model = standing.score is not None
    found = []
    for hit in standing.report.hits:
        effect = standing.rulebook.hit_effect(hit, with_model)
        # What qualifies the account moves no lead's priority, and is worth saying all the same.
        if abs(effect) >= _FELT or hit.group == "account":
            found.append(_reason("rule", hit.id, hit.text, effect))
    return found


def _feature_reasons(standing: Standing) -> list[dict[str, Any]]:
    score, scorer, rulebook = standing.score, standing.scorer, standing.rulebook
    if score is None or scorer is None or not score.contributions:
        return []
    now = rulebook.propensity_points(score.propensity)
    found = []
    for name, contribution in _strongest(score.contributions):
        without = scorer.propensity_at(score.margin - contribution)
        effect = now - rulebook.propensity_points(without)
        if abs(effect) >= _FELT:
            text = tell(name, standing.vector.values.get(name))
            found.append(_reason("feature", name, text, effect))
    return found


def _strongest(contributions: dict[str, float]) -> list[tuple[str, float]]:
    """The most of either sign: effects grow with contributions, though not evenly on both sides."""
    pairs = contributions.items()
    high = heapq.nlargest(MOST, pairs, key=lambda pair: pair[1])
    low = heapq.nsmallest(MOST, pairs, key=lambda pair: pair[1])
    return list(dict([*high, *low]).items())


def _reason(kind: str, name: str, text: str, effect: float) -> dict[str, Any]:
    return {"kind": kind, "id": name, "text": text, "effect": round(effect, 1)}
