"""A catalog over all leads of the past: where each would have stood.

Few leads are judged one by one, many in one query: a query takes a second to be written, whatever
the number of leads. Both are the same rules; a test holds what they find equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules import Facts, Rulebook
from signals.backtest.judged import BANDS, GRADES, SIGNAL, Judged, Way, pool_of
from signals.backtest.query import judge_columns

if TYPE_CHECKING:
    import pyarrow as pa

FEW = 5_000


def judge(rulebook: Rulebook, table: pa.Table) -> Judged:
    """Every lead of the table (`scoring.cases`) at its own moment, with its own propensity."""
    if table.num_rows <= FEW:
        return judge_rows(rulebook, table)
    return judge_columns(rulebook, table)


def judge_rows(rulebook: Rulebook, table: pa.Table) -> Judged:
    """Lead by lead, as a score call does."""
    import numpy as np

    facts = facts_of(table)
    reports = rulebook.evaluate(facts)
    chances = table["propensity"].to_pylist()
    priority = [
        rulebook.priority(report, chance) for report, chance in zip(reports, chances, strict=True)
    ]
    bands = [rulebook.band(one, None) for one in priority]
    ways = np.full(len(facts), None, dtype=object)
    for at, band in enumerate(bands):
        if band == "hot":
            ways[at] = _way(rulebook, facts[at], priority[at], chances[at])
    return Judged(
        np.array(priority, dtype=np.float64),
        np.array([BANDS.index(band) for band in bands], dtype=np.int8),
        np.array([GRADES.index(report.grade) for report in reports], dtype=np.int8),
        np.array([report.suppressed for report in reports], dtype=bool),
        ways,
    )


def facts_of(table: pa.Table) -> list[Facts]:
    """What rules read, a mapping a row: features, `owner`, `email_domain`, `as_of`."""
    return [{**row, "as_of": row["moment"]} for row in table.to_pylist()]


def _way(rulebook: Rulebook, facts: Facts, priority: float, chance: float | None) -> Way:
    told: dict[str, Any] = {**facts, "band": "hot", "priority": priority}
    route = rulebook.route({**told, "propensity": chance, "signal": SIGNAL})
    return Way(
        route.rule,
        pool_of(route.rule) if route.pool else route.owner,
        route.respond_within_s,
    )
