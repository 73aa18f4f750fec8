"""Why a lead stands where it stands: at most five lines that a seller understands.

Effects are in priority points, so that a rule and a feature can be compared. A feature's effect is
what the priority would lose without its contribution: points(p) − points(p without it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.wording import tell

if TYPE_CHECKING:
    from rules import Hit
    from signals.standing import Standing

MOST = 5
_FELT = 0.05
"""Smaller effects would be shown as 0.0."""


Cause = tuple[float, "Hit | str"]
"""How many points the priority was moved by, and by what: a rule's hit, or a feature by its name.
A plain tuple, as a thousand leads have ten thousand of them.
"""


def reasons(standing: Standing) -> list[dict[str, Any]]:
    """Rule hits and feature contributions, strongest effect first."""
    causes = _rules(standing)
    causes.sort(key=_strength)
    features = _features(standing, -_strength(causes[MOST - 1]) if len(causes) >= MOST else 0.0)
    if features:
        causes += features
        causes.sort(key=_strength)
    # Only what is told is put into words: that takes longer than all before it.
    return [_reason(standing, cause) for cause in causes[:MOST]]


def _strength(cause: Cause) -> float:
    return -abs(cause[0])


def _rules(standing: Standing) -> list[Cause]:
    """Those that may be among the strongest."""
    hits = standing.report.hits
    effects = standing.rulebook.hit_effects(hits, standing.score is not None)
    least = 0.0
    if len(hits) > MOST:  # what is weaker than this stays so when rounded
        least = sorted(map(abs, effects))[-MOST] - 2 * _FELT
    # What qualifies the account moves no lead's priority, and is worth saying all the same.
    return [
        (round(effect, 1), hit)
        for hit, effect in zip(hits, effects, strict=True)
        if abs(effect) >= least and (abs(effect) >= _FELT or hit.group == "account")
    ]


def _features(standing: Standing, most: float) -> list[Cause]:
    """Those that are felt, and stronger than `most`."""
    score, scorer, rulebook = standing.score, standing.scorer, standing.rulebook
    if score is None or scorer is None or not score.strongest:
        return []
    now = rulebook.propensity_points(score.propensity)
    found: list[Cause] = []
    wanted = {True: True, False: True}
    for name, contribution in score.strongest:
        raises = contribution > 0
        if not wanted[raises]:
            continue
        without = scorer.propensity_at(score.margin - contribution, score.rules_margin)
        effect = now - rulebook.propensity_points(without)
        told = round(effect, 1)
        # They come by strength: once one of a side is not wanted, no later one is.
        wanted[raises] = abs(effect) >= _FELT and abs(told) > most
        if wanted[raises]:
            found.append((told, name))
    return found


def _reason(standing: Standing, cause: Cause) -> dict[str, Any]:
    effect, of = cause
    if isinstance(of, str):
        text = tell(of, standing.vector.values.get(of))
        return {"kind": "feature", "id": of, "text": text, "effect": effect}
    return {"kind": "rule", "id": of.id, "text": standing.report.text(of), "effect": effect}
