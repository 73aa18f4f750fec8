"""A row of a decision table → the rule it stands for, in the nodes that YAML would have given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.facts import AS_OF, MOMENT, WORD
from rules.language.cells import Asked, condition_node, read_cell
from rules.language.grid import Cell, Grid, Row
from rules.language.names import Names
from rules.language.reading import Reader
from rules.language.source import Node, Place, plain
from rules.language.witnesses import UNTOLD, witness

DECAY = ("decay", "half_life")
EXAMPLES = ("hit", "miss")
SEGMENT = "segment"
_FORMULA = ("=", "+", "-", "@")


class Layout(NamedTuple):
    """The columns of one file that are no facts."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    facts: Mapping[str, str]


class Rows:
    """Makes nodes of the rows of one table."""

    def __init__(
        self, reader: Reader, grid: Grid, layout: Layout, facts: dict[str, str], names: Names
    ) -> None:
        self._reader = reader
        self._comma = grid.decimal_comma
        self._layout = layout
        self._facts = facts
        self._names = names

    def rule(self, row: Row) -> Node:
        said = {name: cell for name, cell in row.cells.items() if cell.text}
        asked = self._asked(said)
        fields = {
            name: _field(name, said[name])
            for name in (*self._layout.required, *self._layout.optional)
            if name in said and name not in {*DECAY, *EXAMPLES, SEGMENT}
        }
        if fields.keys() >= {"text"}:
            self._refuse_formula(said["text"])
        if any(name in said for name in DECAY):
            fields["decay"] = _decay(said, row.place)
        conditions = [condition_node(fact, one, place) for fact, (one, place) in asked.items()]
        conditions += _segments(said[SEGMENT]) if SEGMENT in said else []
        if not conditions:
            self._reader.problem(row.place, "asks for nothing: it would hold for every lead")
            conditions = [_anything(row.place)]
        fields["when"] = _joined(conditions, row.place)
        fields["examples"] = self._examples(said, asked, row.place)
        return Node(fields, row.place, dict.fromkeys(fields, row.place))

    def _asked(self, said: dict[str, Cell]) -> dict[str, tuple[Asked, Place]]:
        found = {}
        for column, fact in self._facts.items():
            if column in said:
                kind = self._layout.facts[fact]
                one = read_cell(self._reader, said[column], kind, decimal_comma=self._comma)
                if one is not None:
                    found[fact] = one, said[column].place
        return found

    def _refuse_formula(self, cell: Cell) -> None:
        if cell.text.startswith(_FORMULA):
            self._reader.problem(
                cell.place, f"begins with `{cell.text[0]}`: spreadsheets take that for a formula"
            )

    def _examples(
        self, said: dict[str, Cell], asked: dict[str, tuple[Asked, Place]], place: Place
    ) -> Node:
        """Those that the row brings, else one of each made of its cells."""
        lacking = [name for name in EXAMPLES if name not in said]
        if lacking and (SEGMENT in said or any(one.op in UNTOLD for one, _ in asked.values())):
            told = " and ".join(f"`{name}`" for name in lacking)
            self._reader.problem(
                place, f"needs its own examples: fill {told}, as `region=UK; seniority=vp`"
            )
        made = {
            name: self._example(said[name])
            if name in said
            else self._made(asked, place, hit=name == "hit")
            for name in EXAMPLES
        }
        listed = {name: _listed([node], place) for name, node in made.items()}
        return Node(listed, place, dict.fromkeys(listed, place))

    def _example(self, cell: Cell) -> Node:
        """`region=UK; seniority=vp` → a mapping; `nothing` is a lead of whom nothing is known."""
        facts: dict[str, Node] = {}
        pairs = [] if cell.text == "nothing" else cell.text.split(";")
        for pair in pairs:
            fact, equals, value = (part.strip() for part in pair.partition("="))
            if not equals:
                self._reader.problem(cell.place, f"`{fact}`: write it as `fact=value`")
                continue
            kind = self._layout.facts.get(fact, WORD)
            facts[fact] = Node(value if kind in {WORD, MOMENT} else plain(value), cell.place, {})
        return Node(facts, cell.place, dict.fromkeys(facts, cell.place))

    def _made(self, asked: dict[str, tuple[Asked, Place]], place: Place, *, hit: bool) -> Node:
        """All cells hold; for a miss, all but the first."""
        facts = {}
        for at, (fact, (one, _)) in enumerate(asked.items()):
            value = witness(self._written_out(one), holds=hit or at > 0)
            if value is not None:
                numbered = self._layout.facts[fact] != WORD and isinstance(value, str)
                facts[fact] = Node(1 if numbered else value, place, {})
        return Node(facts, place, dict.fromkeys(facts, place))

    def _written_out(self, asked: Asked) -> Asked:
        """With the items of its list, if it names one."""
        if asked.value is None or not isinstance(asked.value.value, dict):
            return asked
        named = asked.value.value["list"].value
        words = self._names.lists.get(named) if isinstance(named, str) else None
        return asked._replace(value=words.node if words else Node([Node("", 0, {})], 0, {}))


def _field(name: str, cell: Cell) -> Node:
    if name == "points":
        return Node(plain(cell.text), cell.place, {})
    if name == "destinations":
        items = [item.strip() for item in cell.text.split(";")]
        return _listed([Node(item, cell.place, {}) for item in items if item], cell.place)
    if name == "owner" and cell.text.startswith("fact:"):
        fact, _, name_or_none = cell.text.removeprefix("fact:").partition(" else ")
        parts = {"fact": fact.strip(), "else": name_or_none.strip()}
        fields = {key: Node(said, cell.place, {}) for key, said in parts.items() if said}
        return Node(fields, cell.place, dict.fromkeys(fields, cell.place))
    return Node(cell.text, cell.place, {})


def _decay(said: dict[str, Cell], place: Place) -> Node:
    fields = {
        name: Node(said[column].text, said[column].place, {})
        for name, column in zip(("fact", "half_life"), DECAY, strict=True)
        if column in said
    }
    return Node(fields, place, dict.fromkeys(fields, place))


def _segments(cell: Cell) -> list[Node]:
    """`target_company; not named_account` → a condition each."""
    found = []
    for item in (item.strip() for item in cell.text.split(";")):
        name = item.removeprefix("not ").strip()
        node = _one("segment", Node(name, cell.place, {}), cell.place)
        if item:
            found.append(_one("not", node, cell.place) if item.startswith("not ") else node)
    return found


def _anything(place: Place) -> Node:
    """Stands in for the condition of a row that has none, which was told already."""
    fields = {"fact": Node(AS_OF, place, {}), "op": Node("is_missing", place, {})}
    return Node(fields, place, dict.fromkeys(fields, place))


def _one(key: str, node: Node, place: Place) -> Node:
    return Node({key: node}, place, {key: place})


def _joined(conditions: list[Node], place: Place) -> Node:
    if len(conditions) == 1:
        return conditions[0]
    return _one("all", _listed(conditions, place), place)


def _listed(nodes: list[Node], place: Place) -> Node:
    return Node(nodes, place, {})
