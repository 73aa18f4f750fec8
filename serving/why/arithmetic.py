"""How points became a priority, term by term."""

from __future__ import annotations

import msgspec

from rules.priority import HIGHEST
from signals.standing import Standing


class Term(msgspec.Struct, frozen=True):
    """`effect` is in priority points; it is `points` × `weight`."""

    name: str
    points: float
    """Fit, intent and negative points; for a propensity what it is worth, 0–100."""
    weight: float
    effect: float


class Arithmetic(msgspec.Struct, frozen=True):
    """Priority = the sum of the terms, held between 0 and `at_most`."""

    terms: tuple[Term, ...]
    sum: float
    at_most: float
    """100, or less for a suppressed lead."""
    priority: float


def arithmetic(standing: Standing) -> Arithmetic:
    """The formula of `rules.priority`, with this lead's numbers."""
    report, scale = standing.report, standing.rulebook.scale
    with_model = standing.score is not None
    points = {
        "fit": report.fit_points,
        "intent": report.intent_points,
        "negative": report.negative_points,
    }
    terms = [_term(name, told, scale.weight(name, with_model)) for name, told in points.items()]
    if standing.score is not None:
        effect = scale.propensity_points(standing.score.propensity)
        weight = scale.weights.propensity
        worth = effect / weight if weight else 0.0
        terms.insert(2, Term("propensity", worth, weight, effect))
    at_most = scale.suppressed_at_most if report.suppressed else HIGHEST
    return Arithmetic(tuple(terms), sum(term.effect for term in terms), at_most, standing.priority)


def _term(name: str, points: float, weight: float) -> Term:
    return Term(name, points, weight, points * weight)
