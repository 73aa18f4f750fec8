"""A catalog over all leads of the past at once: where each would have stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rules import Facts, Rulebook, RuleReport

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

BANDS = ("hot", "warm", "cold")
GRADES = ("A", "B", "C", "D")
SIGNAL = "lead.hot"
"""What is routed: a lead that is hot would have been told of."""


class Way(NamedTuple):
    """Where the signal of a hot lead would have gone."""

    rule: str
    owner: str
    respond_within_s: int


class Judged(NamedTuple):
    """One entry a lead, in the order of the table."""

    priority: NDArray[np.float64]
    band: NDArray[np.int8]
    """Place in `BANDS`: it is entered afresh, for bands of the past are not kept."""
    grade: NDArray[np.int8]
    """Place in `GRADES`."""
    suppressed: NDArray[np.bool_]
    way: list[Way | None]
    """None for leads that are not hot: nobody would have been told."""


def judge(rulebook: Rulebook, table: pa.Table) -> Judged:
    """Every lead of the table at its own moment, with its own propensity."""
    import numpy as np

    facts = facts_of(table)
    reports = rulebook.evaluate(facts)
    chances = table["propensity"].to_pylist()
    priority = [
        rulebook.priority(report, chance) for report, chance in zip(reports, chances, strict=True)
    ]
    bands = [rulebook.band(one, None) for one in priority]
    return Judged(
        np.array(priority),
        np.array([BANDS.index(band) for band in bands], dtype=np.int8),
        np.array([GRADES.index(report.grade) for report in reports], dtype=np.int8),
        np.array([report.suppressed for report in reports]),
        [
            _way(rulebook, one, told, chance) if band == "hot" else None
            for one, told, chance, band in zip(facts, priority, chances, bands, strict=True)
        ],
    )


def facts_of(table: pa.Table) -> list[Facts]:
    """What rules read, a mapping a row: features, `owner`, `email_domain`, `as_of`."""
    return [{**row, "as_of": row["moment"]} for row in table.to_pylist()]


def report_of(rulebook: Rulebook, facts: Facts) -> RuleReport:
    return rulebook.evaluate([facts])[0]


def _way(rulebook: Rulebook, facts: Facts, priority: float, chance: float | None) -> Way:
    told: dict[str, Any] = {**facts, "band": "hot", "priority": priority}
    route = rulebook.route({**told, "propensity": chance, "signal": SIGNAL})
    return Way(route.rule, route.owner, route.respond_within_s)
