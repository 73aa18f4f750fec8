"""The rules of one lead beside two rule engines on the same rules; growth; and by column."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import engines
from benchmarks.bench import SEED, Bench, Size
from benchmarks.catalogs import catalog
from benchmarks.crowds import write_crowd
from benchmarks.facts import crowd, words_of
from benchmarks.table import Cell, Table
from benchmarks.timing import median, side_by_side
from rules import Facts, Rulebook, load_catalog, read_catalog
from rules.trace import trace

LEADS = 1_000
SOME = {Size.TINY: 10, Size.QUICK: 50, Size.FULL: 100}
"""Leads of a round, one by one."""
ROUNDS = {Size.TINY: 1, Size.QUICK: 5, Size.FULL: 9}
GROWTH = {Size.TINY: (10,), Size.QUICK: (10, 100, 1_000), Size.FULL: (10, 100, 1_000)}
TABLES = {
    Size.TINY: (1_000,),
    Size.QUICK: (10_000, 100_000),
    Size.FULL: (10_000, 100_000, 1_000_000),
}
BESIDE = 100_000
"""Leads of the table in which the rules grow."""
THREADS = 2
ONE, TRACED, MANY = "ours, report and route", "ours, the full trace", "ours, 1,000 at once"
_TARGETS = {ONE: "≤ 40 µs", TRACED: "≤ 100 µs", MANY: "≤ 15 µs"}

_CORE = "Microseconds at work on a core: what stays equal on a machine that others use too."

Runs = dict[str, Callable[[], object]]


def run(bench: Bench) -> list[Table]:
    shipped = load_catalog(read_catalog())
    return [_beside(bench, shipped), _growth(bench), _columns(bench, shipped)]


def _beside(bench: Bench, book: Rulebook) -> Table:
    """All rules of the shipped catalog, those of routing among them."""
    leads = crowd(SEED, LEADS, words_of(book))
    told = _a_lead(bench, book, leads, [engines.zen(book.rules()), engines.cel(book.rules())])
    rows: list[dict[str, Cell]] = [
        {"way": way, "µs a lead": cost, "× ours": cost / told[ONE], "target": _TARGETS.get(way, "")}
        for way, cost in told.items()
    ]
    notes = (
        "Ours is given all facts of a lead, adds up points under caps and finds the route.",
        "The others are given what the rules read, and say which rules hold. All agreed before.",
        _CORE,
    )
    return Table(f"rules: the shipped catalog, {len(book.rules())} rules", rows, notes)


def _growth(bench: Bench) -> Table:
    """A row a way, a column a size."""
    rows: dict[str, dict[str, Cell]] = {}
    for rules in GROWTH[bench.size]:
        started = time.process_time()
        book = load_catalog(catalog(rules, SEED))
        told = {"reading the catalog, in all": 1e6 * (time.process_time() - started)}
        leads = crowd(SEED, LEADS, words_of(book))
        others = [engines.zen(book.rules()), engines.cel(book.rules())]
        for way, cost in (told | _a_lead(bench, book, leads, others)).items():
            rows.setdefault(way, {"way": way})[f"{rules:,} rules"] = cost
    return Table("rules: growth with the scored rules, µs a lead", list(rows.values()), (_CORE,))


def _a_lead(
    bench: Bench, book: Rulebook, leads: Sequence[Facts], others: Sequence[engines.Engine]
) -> dict[str, float]:
    """Way → microseconds a lead, all run in turn."""
    some = leads[: SOME[bench.size]]
    given = [engines.facts_of(book.rules(), lead) for lead in some]
    for other in others:
        _agree(book, some, given, other.holds)
    runs: Runs = {
        ONE: lambda: [(book.evaluate([lead]), book.route(lead)) for lead in some],
        TRACED: lambda: [None for lead in some if trace(book, lead) is None],
        MANY: lambda: book.evaluate(leads),
    }
    for other in others:
        runs |= {way: partial(_all, ask, given) for way, ask in other.ways.items()}
    seconds = side_by_side(runs, ROUNDS[bench.size], clock=time.process_time)
    return {
        way: 1e6 * median(taken) / (len(leads) if way == MANY else len(some))
        for way, taken in seconds.items()
    }


def _all(ask: engines.Ask, given: Sequence[Facts]) -> None:
    for facts in given:
        ask(facts)


def _agree(
    book: Rulebook, leads: Sequence[Facts], given: Sequence[Facts], holds: engines.Holds
) -> None:
    """An engine that found other rules to hold would be measured on other work."""
    for lead, facts in zip(leads, given, strict=True):
        hits = {hit.id for hit in book.evaluate([lead])[0].hits}
        hits |= {rule.id for rule, _ in book.routing.rules if rule.holds(lead)}
        found = {rule.id for rule, one in zip(book.rules(), holds(facts), strict=True) if one}
        assert found == hits, found ^ hits


def _columns(bench: Bench, shipped: Rulebook) -> Table:
    grown = [load_catalog(catalog(rules, SEED)) for rules in GROWTH[bench.size]]
    cases = [(shipped, leads) for leads in TABLES[bench.size]]
    cases += [(book, min(BESIDE, TABLES[bench.size][-1])) for book in grown]
    with TemporaryDirectory() as folder:
        rows = [_column_row(Path(folder), book, leads) for book, leads in cases]
    note = f"DuckDB on {THREADS} threads, from Parquet; every rule's hit is a column of the answer."
    return Table("rules: a table of leads in one query", rows, (note,))


def _column_row(folder: Path, book: Rulebook, leads: int) -> dict[str, Cell]:
    import ibis

    from rules.columns import evaluate
    from rules.columns.table import facts_read

    path = folder / "leads.parquet"
    write_crowd(path, SEED, leads, facts_read(book), words_of(book))
    duck = ibis.duckdb.connect(threads=THREADS)
    duck.raw_sql("set enable_progress_bar = false")
    leads_table = duck.read_parquet(str(path))
    started = time.process_time()
    query = ibis.to_sql(evaluate(book, leads_table))
    compiled = time.process_time() - started
    started, used = time.perf_counter(), time.process_time()
    duck.raw_sql(f"create table answer as {query}")
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - used
    duck.disconnect()
    return {
        "rules": len(book.rules()),
        "leads": leads,
        "compile core s": compiled,
        "query s": seconds,
        "core s": core_seconds,
        "leads/s": leads / seconds,
        "target": "≤ 5 s" if leads == 1_000_000 else "",
    }
