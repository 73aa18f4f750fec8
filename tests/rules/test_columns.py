"""Row and column: two ways to evaluate that never differ, and a batch that is a third."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_rules import AGES, CONDITIONS, LARGE, LEADS, NUMBERS, WORDS, catalogs

from core.clock import DAY
from features.column import coded_of
from rules import Facts, Rulebook
from rules.columns import RESULTS, column_of, evaluate
from rules.columns.conditions import COLUMN_OPERATORS, compile_column
from rules.language.batches import Turned, compile_batch
from rules.language.conditions import AnyOf, Condition, Happened, Not
from rules.language.operators import OPERATORS
from rules.language.rows import compile_row

EXAMPLES, TOGETHER, CROWD = 20, 90, 15
CATALOGS, LEADS_EACH = 12, 60
KINDS = {
    **dict.fromkeys((*NUMBERS, *AGES, "meetings_30d", "propensity"), pa.float64()),
    **dict.fromkeys((*WORDS, "owner", "signal"), pa.string()),
    "as_of": pa.int64(),
    "place": pa.int64(),
}
Ask = Callable[[Any], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    duck = ibis.duckdb.connect(threads=1)
    return lambda table: duck.to_pyarrow(table).to_pylist()


class Compared:
    """What was really compared, as repeated examples and conditions are drawn too."""

    def __init__(self) -> None:
        self.conditions: set[str] = set()
        self.cases = 0


@pytest.fixture(scope="module")
def compared() -> Compared:
    return Compared()


class Lying(list[Facts]):
    """A batch on its side, whose numbers are arrays."""

    def column(self, fact: str) -> list[Any]:
        return [facts.get(fact) for facts in self]

    def coded(self, fact: str) -> Any:
        return coded_of(self.column(fact))

    def numbers(self, fact: str) -> Any:
        if fact not in {*NUMBERS, *AGES}:
            return None
        return np.array([math.nan if one is None else one for one in self.column(fact)], float)


def table_of(leads: Sequence[Facts]) -> Any:
    rows = [{**facts, "place": place} for place, facts in enumerate(leads)]
    columns = {name: [row.get(name) for row in rows] for name in KINDS}
    arrays = {
        name: pa.array([None if cell is None else float(cell) for cell in column], of)
        if of == pa.float64()
        else pa.array(column, of)
        for (name, of), column in zip(KINDS.items(), columns.values(), strict=True)
    }
    return ibis.memtable(pa.table(arrays))


def test_each_operator_has_a_row_and_a_column() -> None:
    """An operator that only one of them knew would break a backtest on the day it is first used."""
    assert COLUMN_OPERATORS.keys() == OPERATORS.keys()


@settings(LARGE, max_examples=EXAMPLES)
@given(
    st.lists(CONDITIONS, min_size=TOGETHER, max_size=TOGETHER, unique_by=repr),
    st.lists(LEADS, min_size=CROWD, max_size=CROWD),
)
def test_a_condition_is_as_true_by_column_and_by_batch_as_by_row(
    ask: Ask, compared: Compared, conditions: list[Condition], leads: list[Facts]
) -> None:
    """True, false or missing: a backtest would else tell of another catalog than the live one."""
    table = table_of(leads)
    facts = {name: table[name] for name in table.columns}
    told = ask(
        table.select(
            "place", **{f"c{at}": compile_column(one, facts) for at, one in enumerate(conditions)}
        )
    )
    batches = Turned(leads), Turned(Lying(leads))
    for at, condition in enumerate(conditions):
        test = compile_row(condition)
        by_row = [test(lead) for lead in leads]
        by_column = {row["place"]: row[f"c{at}"] for row in told}
        assert [by_column[place] for place in range(len(leads))] == by_row, condition
        for truth in (True, False):
            wanted, find = [one is truth for one in by_row], compile_batch(condition, truth)
            assert [find(turned).tolist() for turned in batches] == [wanted, wanted], condition
        compared.conditions.add(repr(condition))
        compared.cases += len(leads)


def test_more_than_a_thousand_conditions_were_compared(ask: Ask, compared: Compared) -> None:
    """Counted where they are compared: distinct conditions, and conditions times leads."""
    if not compared.cases:  # this test is run alone
        test_a_condition_is_as_true_by_column_and_by_batch_as_by_row(ask, compared)
    assert len(compared.conditions) > 1_000
    assert compared.cases >= 20_000


@settings(LARGE, max_examples=CATALOGS)
@given(
    catalogs(),
    st.lists(
        st.tuples(LEADS, st.none() | st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.5])),
        min_size=LEADS_EACH,
        max_size=LEADS_EACH,
    ),
)
def test_a_catalog_says_the_same_by_column_as_by_row(
    ask: Ask, book: Rulebook, leads: list[tuple[Facts, float | None]]
) -> None:
    """Hits, points under caps, decay, dates, priority, band and route: to the last digit."""
    told = ask(evaluate(book, table_of([{**facts, "propensity": p} for facts, p in leads])))
    by_place = {row["place"]: row for row in told}
    reports = book.evaluate([facts for facts, _ in leads])
    for place, (facts, propensity) in enumerate(leads):
        report, row = reports[place], by_place[place]
        assert report == book.evaluate([facts])[0]
        assert not report.failed
        assert {name: row[name] for name in RESULTS} == by_row(book, facts, propensity)
        hits = {hit.id for hit in report.hits}
        scored = [one.rule.id for sheet in book.sheets for one in sheet.rules]
        assert {name for name in scored if row[column_of(name)]} == hits


def by_row(book: Rulebook, facts: Facts, propensity: float | None) -> dict[str, Any]:
    report = book.evaluate([facts])[0]
    priority = book.priority(report, propensity)
    band = book.band(priority, None)
    stands = {"band": band, "priority": priority, "propensity": propensity}
    route = book.route({**facts, **stands})
    return {
        "fit_points": report.fit_points,
        "grade": report.grade,
        "intent_points": report.intent_points,
        "negative_points": report.negative_points,
        "suppressed": report.suppressed,
        "mqa": report.mqa,
        "priority": priority,
        "band": band,
        "route_rule": route.rule,
        "route_owner": route.owner,
    }


def test_an_event_at_midnight_belongs_to_the_day_that_begins(ask: Ask) -> None:
    """An age is a float, and yet never puts a visit a fraction of a microsecond too early."""
    age, day = AGES[0], 20_000 * DAY
    leads: list[Facts] = [
        {"as_of": day + us, age: us / DAY} for us in range(1, 3_650 * DAY, DAY + 97)
    ]
    begun = AnyOf((Happened(age, "before", day), Not(Happened(age, "after", day - DAY))))
    assert not any(compile_row(begun)(lead) for lead in leads)
    table = table_of(leads)
    facts = {name: table[name] for name in table.columns}
    assert not any(row["begun"] for row in ask(table.select(begun=compile_column(begun, facts))))


def test_a_fact_without_a_column_is_missing(ask: Ask, rulebook: Rulebook) -> None:
    """An old table knows nothing of a new feature: its rules miss, and the query still runs. So is
    NaN, which pandas writes for missing and SQL would hold for a very large number.
    """
    silent: Facts = {"days_since_engagements": float("nan"), "meetings_30d": 0}
    leads: list[Facts] = [{"industry": "logistics", **silent}]
    row = ask(evaluate(rulebook, table_of(leads), three_valued=True))[0]
    assert row["fit_points"] == 20
    assert row[column_of("target_industry")] is True
    assert row[column_of("target_region")] is None
    assert row[column_of("silent_quarter")] is None
