"""A catalog over all leads of the past at once: where each would have stood.

Few leads are judged one by one, many in one query: a query takes a second to be written, whatever
the number of leads. Both are the same rules; a test holds what they find equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rules import Facts, Rulebook

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

BANDS = ("hot", "warm", "cold")
GRADES = ("A", "B", "C", "D")
SIGNAL = "lead.hot"
"""What is routed: a lead that is hot would have been told of."""


def pool_of(rule: str) -> str:
    """Stands for whoever a route's round robin would have chosen: whose turn it was is not kept."""
    return f"round robin of {rule}"


FEW = 5_000


class Way(NamedTuple):
    """Where the signal of a hot lead would have gone."""

    rule: str
    owner: str
    """A name, or `pool_of(rule)`."""
    respond_within_s: int


class Judged(NamedTuple):
    """One entry a lead, in the order of the table."""

    priority: NDArray[np.float64]
    band: NDArray[np.int8]
    """Place in `BANDS`: it is entered afresh, for bands of the past are not kept."""
    grade: NDArray[np.int8]
    """Place in `GRADES`."""
    suppressed: NDArray[np.bool_]
    way: NDArray[np.object_]
    """A `Way`; None for leads that are not hot: nobody would have been told."""


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


_ASKED = ("priority", "band", "grade", "suppressed", "route_rule", "route_owner")


def judge_columns(rulebook: Rulebook, table: pa.Table) -> Judged:
    """All leads in one query of DuckDB."""
    import ibis
    import numpy as np

    from rules.columns import evaluate

    place = np.arange(table.num_rows)
    rows = ibis.memtable(table.append_column("place", [place])).rename(as_of="moment")
    judged = evaluate(rulebook, rows.mutate(signal=ibis.literal(SIGNAL)), keep=("place",))
    found = judged.select("place", *_ASKED).to_pyarrow()
    order = np.argsort(found["place"].to_numpy())
    told = {name: found[name].to_numpy(zero_copy_only=False)[order] for name in _ASKED}
    return Judged(
        told["priority"].astype(np.float64),
        _places(told["band"], BANDS),
        _places(told["grade"], GRADES),
        told["suppressed"].astype(bool),
        _ways(rulebook, table, told),
    )


def _places(words: NDArray[Any], names: tuple[str, ...]) -> NDArray[np.int8]:
    import numpy as np

    places = np.zeros(len(words), dtype=np.int8)
    for place, name in enumerate(names):
        places[words == name] = place
    return places


def _ways(
    rulebook: Rulebook, table: pa.Table, told: dict[str, NDArray[Any]]
) -> NDArray[np.object_]:
    import numpy as np

    targets = {rule.id: target for rule, target in rulebook.routing.rules}
    targets[rulebook.routing.default_id] = rulebook.routing.default
    owned = {
        name: np.asarray(table[target.owner.fact].is_valid())
        for name, target in targets.items()
        if target.owner.pool and target.owner.fact
    }
    ways = np.full(table.num_rows, None, dtype=object)
    same: dict[Way, Way] = {}
    for at in np.flatnonzero(told["band"] == "hot").tolist():
        rule = told["route_rule"][at]
        target = targets[rule]
        chosen = target.owner.pool and not (rule in owned and owned[rule][at])
        owner = pool_of(rule) if chosen else told["route_owner"][at]
        way = Way(rule, owner, target.respond_within_s)
        ways[at] = same.setdefault(way, way)
    return ways
