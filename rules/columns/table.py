"""The whole catalog over a table of leads: one query, in DuckDB or in a warehouse."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.columns.conditions import balanced, compile_column, number
from rules.columns.points import total
from rules.columns.standing import band, grade, owner, priority, route
from rules.facts import AS_OF, MOMENT, ROUTE_FACTS, WORD
from rules.in_effect import in_effect
from rules.language.conditions import Condition, leaves
from rules.points import HUNDREDTHS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from rules.rulebook import Rulebook
    from rules.sheet import Sheet

RESULTS = (
    "fit_points", "grade", "intent_points", "negative_points", "suppressed", "mqa", "priority",
    "band", "route_rule", "route_owner",
)  # fmt: skip
_TYPES = {WORD: "string", MOMENT: "int64"}
_NAN = float("nan")
_THREADS = 2


def column_of(rule_id: str) -> str:
    """The name of a rule's column."""
    return f"rule_{rule_id}"


def evaluate(
    rulebook: Rulebook,
    table: ir.Table | Path | str,
    keep: Sequence[str] | None = None,
    *,
    three_valued: bool = False,
) -> ir.Table:
    """Points, grade, priority, band (of leads that had none before) and route of each row.

    `table`, or the Parquet file at that path, has a column for each fact by its name (`as_of` in
    microseconds, UTC), and may have `propensity` (0–1) and `signal`; a fact without a column is
    missing. The answer has the columns `keep` (None: those that are no facts), `RESULTS`, and
    `column_of(id)` for every rule: whether it held, NULL for missing if `three_valued`.
    """
    source = _opened(table)
    kept = _others(source) if keep is None else keep
    scored, routed = _scored(rulebook), _routed(rulebook)
    rows = _held(_facts(source, kept, facts_read(rulebook)), scored)
    rows = rows.mutate(**_sums(rulebook, rows))
    rows = rows.mutate(grade=grade(rows.fit_points, rulebook.grades))
    rows = rows.mutate(priority=priority(rulebook.scale, rows))
    rows = rows.mutate(band=band(rulebook.scale, rows.priority))
    rows = _held(rows, routed)
    first = route(rulebook.routing, {name: rows[column_of(name)] for name in routed})
    rows = rows.mutate(route_rule=first)
    rows = rows.mutate(route_owner=owner(rulebook.routing, rows))
    names = [column_of(name) for name in (*scored, *routed)]
    told = {name: rows[name] if three_valued else rows[name].fill_null(False) for name in names}
    return rows.select(*kept, *RESULTS, **told)


def facts_read(rulebook: Rulebook) -> list[str]:
    """The columns that `evaluate` looks for."""
    conditions = {**_scored(rulebook), **_routed(rulebook)}.values()
    read = {leaf.fact for condition in conditions for leaf in leaves(condition)}
    targets = [rulebook.routing.default, *(target for _, target in rulebook.routing.rules)]
    read |= {target.owner.fact for target in targets if target.owner.fact}
    return sorted(read - set(RESULTS) | {"propensity", AS_OF})


def _scored(rulebook: Rulebook) -> dict[str, Condition]:
    """Rule's id → what has to hold, decay's age and dates included."""
    scored = [one for sheet in rulebook.sheets for one in sheet.rules]
    return {one.rule.id: in_effect(one.rule, one.decay) for one in scored}


def _routed(rulebook: Rulebook) -> dict[str, Condition]:
    return {rule.id: in_effect(rule) for rule, _ in rulebook.routing.rules}


def _opened(table: ir.Table | Path | str) -> ir.Table:
    import ibis

    if isinstance(table, Path | str):
        return ibis.duckdb.connect(threads=_THREADS).read_parquet(str(table))
    return table


def _others(source: ir.Table) -> list[str]:
    """The columns that are neither facts nor answers."""
    return [name for name in source.columns if name not in ROUTE_FACTS and name not in RESULTS]


def _facts(source: ir.Table, kept: Sequence[str], read: Sequence[str]) -> ir.Table:
    """Each fact in the type of its kind; without a column it is NULL in every row.

    NaN, which some write for missing and SQL holds for the largest number, is NULL too.
    """
    import ibis

    facts: dict[str, Any] = {}
    for name in read:
        of = _TYPES.get(ROUTE_FACTS[name], "float64")
        column = source[name].cast(of) if name in source.columns else ibis.null(of)
        facts[name] = column.nullif(_NAN) if of == "float64" else column
    return source.select(*(name for name in kept if name not in facts), **facts)


def _held(rows: ir.Table, conditions: Mapping[str, Condition]) -> ir.Table:
    facts = {name: rows[name] for name in rows.columns}
    return rows.mutate(
        **{column_of(name): compile_column(one, facts) for name, one in conditions.items()}
    )


def _sums(rulebook: Rulebook, rows: ir.Table) -> dict[str, Any]:
    facts = {name: rows[name] for name in rows.columns}

    def of(sheet: Sheet) -> Any:
        return total(
            sheet, {one.rule.id: rows[column_of(one.rule.id)] for one in sheet.rules}, facts
        )

    return {
        "fit_points": (of(rulebook.fit) + HUNDREDTHS // 2) // HUNDREDTHS,
        "intent_points": of(rulebook.intent) / number(HUNDREDTHS),
        "negative_points": -of(rulebook.negative) / number(HUNDREDTHS),
        "suppressed": _any(rulebook.suppressions, rows),
        "mqa": _any(rulebook.account, rows),
    }


def _any(sheet: Sheet, rows: ir.Table) -> Any:
    import ibis

    held = [rows[column_of(one.rule.id)].fill_null(False) for one in sheet.rules]
    return balanced(operator.or_, held) if held else ibis.literal(False)
