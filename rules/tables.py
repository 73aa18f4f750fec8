"""Decision tables: a rule a row, beside the YAML file whose rules they follow.

A row becomes what the same rule would be in YAML, so that everything else treats them alike.
"""

from __future__ import annotations

from typing import NamedTuple

from rules.facts import ROUTE_FACTS
from rules.language.grid import Grid, read_grid
from rules.language.names import Names
from rules.language.read_conditions import unknown_fact
from rules.language.reading import Reader
from rules.language.source import Node
from rules.table_rows import DECAY, EXAMPLES, SEGMENT, Layout, Rows

_ALWAYS = ("id", "text")
_DATES = ("from", "until")
_POINTS = ("points", "group")
_TARGET = ("owner", "destinations", "respond_within")


class Table(NamedTuple):
    reader: Reader
    rows: list[Node]
    """One rule each, as YAML would have it."""


def _layout(names: Names, required: tuple[str, ...], keeper: str) -> Layout:
    more = DECAY if required == _POINTS else ()
    facts = ROUTE_FACTS if required == _TARGET else names.facts
    return Layout((*_ALWAYS, *required), (*more, keeper, *_DATES, *EXAMPLES, SEGMENT), facts)


TABLES = {
    "fit.csv": (_POINTS, "owner"),
    "intent.csv": (_POINTS, "owner"),
    "negative.csv": (_POINTS, "owner"),
    "suppress.csv": ((), "owner"),
    "account.csv": ((), "owner"),
    "routing.csv": (_TARGET, "kept_by"),
}
"""File → the columns its rules need beside `id` and `text`, and the one that names the keeper."""


def read_table(reader: Reader, text: str, names: Names) -> Table | None:
    """The rules of one CSV file; None when it cannot be read at all."""
    grid = read_grid(reader, text)
    if grid is None:
        return None
    layout = _layout(names, *TABLES[reader.file])
    facts = _fact_columns(reader, grid, layout)
    rows = Rows(reader, grid, layout, facts, names)
    return Table(reader, [rows.rule(row) for row in grid.rows])


def _fact_columns(reader: Reader, grid: Grid, layout: Layout) -> dict[str, str]:
    """Column → fact, for the columns that are facts. `when region` is the fact `region` too."""
    fields = (*layout.required, *layout.optional)
    found: dict[str, str] = {}
    for name in layout.required:
        if name not in grid.header:
            reader.problem(1, f"lacks the column `{name}`")
    for name, place in grid.header.items():
        if name in fields:
            continue
        fact = name.removeprefix("when ")
        if fact not in layout.facts:
            close = reader.closest(fact, (*fields, *layout.facts))
            told = f"column `{name}` is neither a field nor a fact{close}"
            later = unknown_fact(reader, fact, layout.facts) if fact in ROUTE_FACTS else told
            reader.problem(int(place), later)
        elif fact in found.values():
            reader.problem(int(place), f"two columns ask for the fact `{fact}`")
        else:
            found[name] = fact
    return found
