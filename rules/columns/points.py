"""Points under caps, by column.

Counting the hits of a group one by one until its cap is used up comes to
min(cap, sum of the group), and a sheet to min(100, sum of its groups): whole hundredths of points,
so no order of adding changes them.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rules.columns.conditions import Columns, balanced, number
from rules.points import HUNDREDTHS, hundredths
from rules.sheet import MOST, Decay, Sheet

if TYPE_CHECKING:
    import ibis.expr.types as ir


def total(sheet: Sheet, hits: Mapping[str, ir.BooleanValue], facts: Columns) -> ir.IntegerValue:
    """Hundredths of points of a sheet, without sign; `hits` by the rule's id."""
    import ibis

    groups: dict[str, list[Any]] = {}
    for rule, group, points, decay in sheet.rules:
        worth = _worth(hundredths(points), decay, facts)
        groups.setdefault(group, []).append(ibis.ifelse(hits[rule.id], worth, 0))
    capped = [
        ibis.least(balanced(operator.add, added), hundredths(sheet.caps[group]))
        for group, added in groups.items()
    ]
    if not capped:
        return ibis.literal(0, type="int64")
    return ibis.least(balanced(operator.add, capped), MOST * HUNDREDTHS)


def _worth(worth: int, decay: Decay | None, facts: Columns) -> Any:
    """Rounded half up after decay, as `points.decayed` does."""
    import ibis

    if decay is None:
        return worth
    age = ibis.greatest(facts[decay.fact], number(0)).cast("float64")
    left = number(0.5) ** (age / number(decay.half_life_days))
    return (left * number(worth) + number(0.5)).floor().cast("int64")
