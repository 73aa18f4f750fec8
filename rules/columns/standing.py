"""Priority, band and route, by column: the formulas of `rules.priority` and `rules.routing`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rules.columns.conditions import number
from rules.priority import HIGHEST, PLACES, Priority

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from rules.routing import Routing
    from rules.target import Owner


def grade(fit_points: Any, grades: tuple[tuple[float, str], ...]) -> Any:
    import ibis

    *above, (_, last) = grades
    return ibis.cases(
        *((fit_points >= number(least), letter) for least, letter in above), else_=last
    )


def priority(scale: Priority, points: ir.Table) -> Any:
    """From `fit_points`, `intent_points`, `negative_points`, `suppressed` and `propensity`."""
    import ibis

    without = points.propensity.isnull()

    def weighted(group: str, column: Any) -> Any:
        alone, beside = scale.weight(group, False), scale.weight(group, True)
        return ibis.ifelse(without, number(alone), number(beside)) * column

    # In the order of `Priority.of`: adding doubles in another one may end elsewhere.
    sum_of_all = (
        weighted("fit", points.fit_points)
        + weighted("intent", points.intent_points)
        + number(scale.weights.negative) * points.negative_points
        + ibis.ifelse(without, number(0), _propensity_points(scale, points.propensity))
    )
    most = ibis.ifelse(points.suppressed, number(scale.suppressed_at_most), number(HIGHEST))
    held = ibis.least(ibis.greatest(sum_of_all, number(0)), most)
    return (held * number(PLACES) + number(0.5)).floor() / number(PLACES)


def _propensity_points(scale: Priority, propensity: Any) -> Any:
    """Straight lines between the points of the curve."""
    import ibis

    chance = ibis.least(ibis.greatest(propensity, number(0)), number(1))
    lines = [
        (high, number(worth) + (chance - number(low)) / number(high - low) * number(next_ - worth))
        for (low, high), (worth, next_) in zip(
            pairwise(scale.chances), pairwise(scale.worths), strict=True
        )
    ]
    *below, (_, last) = lines
    branches = [(chance < number(high), line) for high, line in below]
    worth = ibis.cases(*branches, else_=last) if branches else last
    return number(scale.weights.propensity) * worth


def band(scale: Priority, priority: Any) -> Any:
    """For leads that never had a band."""
    import ibis

    return ibis.cases(
        (priority >= number(scale.hot.enter), "hot"),
        (priority >= number(scale.warm.enter), "warm"),
        else_="cold",
    )


def route(routing: Routing, holds: Mapping[str, Any]) -> Any:
    """The id of the first rule that holds; `holds` by the rule's id."""
    import ibis

    first = [(holds[rule.id], rule.id) for rule, _ in routing.rules]
    last = ibis.literal(routing.default_id)
    return ibis.cases(*first, else_=last) if first else last


def owner(routing: Routing, rows: ir.Table) -> Any:
    """Who `route_rule` leads to; where a round robin chooses, who takes over without room."""
    import ibis

    by = [(rule.id, _name(target.owner, rows)) for rule, target in routing.rules]
    last = _name(routing.default.owner, rows)
    return (
        ibis.cases(*((rows.route_rule == name, to) for name, to in by), else_=last) if by else last
    )


def _name(owner: Owner, rows: ir.Table) -> Any:
    import ibis

    if owner.fact is None:
        return ibis.literal(owner.name)
    return rows[owner.fact].cast("string").fill_null(owner.name)
