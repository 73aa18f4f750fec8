"""A declared rule: id, text, condition, points, and the examples that prove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.clock import DAY
from rules.facts import AS_OF, Facts, Value
from rules.language.conditions import Condition
from rules.language.names import Names
from rules.language.operators import read_one
from rules.language.read_conditions import read_condition, unknown_fact
from rules.language.reading import Reader
from rules.language.rows import Test, compile_row
from rules.language.source import Node
from rules.language.wording import Fill, read_text
from rules.tables import Table

COMMON = ("id", "text", "when", "examples")
"""What every rule has; scored ones add `group` and `points`, routes their destination."""

DATES = ("from", "until")


class Example(NamedTuple):
    """Facts for which the rule has to hold (`hit`) or not (`miss`), and where they stand."""

    facts: dict[str, Value]
    hit: bool
    line: int


class Rule(NamedTuple):
    id: str
    file: str
    line: int
    text: Fill
    when: Condition
    holds: Test
    """The test that `when` was made into."""
    examples: tuple[Example, ...]
    said: str
    """The text as it was declared, with its placeholders."""
    kept_by: str | None = None
    """Who answers for this rule."""
    from_at: int | None = None
    """The rule sleeps before this moment (microseconds, UTC) …"""
    until_at: int | None = None
    """… and from this one on: the day after its `until` begins."""

    def asleep(self, facts: Facts) -> bool:
        """Whether `as_of` lies outside the rule's dates; without `as_of`, dates are no matter."""
        if self.from_at is None and self.until_at is None:
            return False
        as_of = facts.get(AS_OF)
        if not isinstance(as_of, int | float):
            return False
        early = self.from_at is not None and as_of < self.from_at
        return early or (self.until_at is not None and as_of >= self.until_at)


def told(rule: Rule, facts: Facts, failed: list[str]) -> str | None:
    """The rule's text if it holds, else None: asleep, it does not.

    A rule that raises counts as missing and is named in `failed`.
    """
    try:
        if rule.asleep(facts):
            return None
        return rule.text(facts) if rule.holds(facts) else None
    except Exception:  # noqa: BLE001 - one odd value must never cost a lead its score
        failed.append(rule.id)
        return None


MOST_RULES = 2000
"""Rules of one file."""


class Scope(NamedTuple):
    """What the files of one catalog share while they are read."""

    names: Names
    ids: Ids
    tables: Mapping[str, Table]
    """CSV file → the rules in it."""


def rule_nodes(
    reader: Reader, node: Node | None, what: str, table: Table | None
) -> Iterator[tuple[Reader, Node]]:
    """The declared rules of one purpose, those of its table after those of the YAML file."""
    items = reader.items(node, what) if node is not None else []
    if len(items) > MOST_RULES:
        reader.problem(items[MOST_RULES].line, f"{what} has more than {MOST_RULES} rules")
        return
    yield from ((reader, item) for item in items)
    if table is not None:
        yield from ((table.reader, row) for row in table.rows)


class Ids:
    """The ids of a whole catalog: each may be used once."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def read(self, reader: Reader, node: Node) -> str | None:
        """A new id, or None after noting what is wrong with it."""
        name = reader.name(node, "`id`")
        if name is None:
            return None
        if name in self._places:
            reader.problem(node.line, f"id `{name}` is used already, at {self._places[name]}")
            return None
        self._places[name] = f"{reader.file}:{node.line}"
        return name


def read_rule(
    reader: Reader,
    line: int,
    fields: dict[str, Node],
    scope: Scope,
    keeper: str = "owner",
) -> Rule | None:
    """The part that all rules share: the fields named in `COMMON`, `DATES`, and its keeper's."""
    names = scope.names
    name = scope.ids.read(reader, fields["id"]) if "id" in fields else None
    text = read_text(reader, fields["text"], names.facts) if "text" in fields else None
    when = read_condition(reader, fields["when"], names) if "when" in fields else None
    examples = (
        _read_examples(reader, fields["examples"], names.facts) if "examples" in fields else ()
    )
    kept_by = reader.word(fields[keeper], f"`{keeper}`") if keeper in fields else None
    from_at, until_at = _read_dates(reader, fields)
    if name is None or text is None or when is None:
        return None
    test, said = compile_row(when), str(fields["text"].value)
    return Rule(
        name, reader.file, int(line), text, when, test, examples, said, kept_by, from_at, until_at
    )


def _read_dates(reader: Reader, fields: dict[str, Node]) -> tuple[int | None, int | None]:
    """The moment at which a rule wakes, and the one at which it sleeps again: `until` counts."""
    starts, ends = [
        reader.date(fields[name], f"`{name}`") if name in fields else None for name in DATES
    ]
    if starts is not None and ends is not None and ends < starts:
        reader.problem(fields["until"].line, "`until` lies before `from`: the rule would never hit")
    return starts, None if ends is None else ends + DAY


def _read_examples(reader: Reader, node: Node, facts: Mapping[str, str]) -> tuple[Example, ...]:
    """At least one that hits and one that misses."""
    fields = reader.fields(node, "examples", ("hit", "miss"))
    return tuple(
        Example(_read_facts(reader, item, facts), hit=kind == "hit", line=int(item.line))
        for kind in fields
        for item in reader.items(fields[kind], f"`{kind}`")
    )


def _read_facts(reader: Reader, node: Node, facts: Mapping[str, str]) -> dict[str, Value]:
    """Known facts with values of their kind; what is not named is missing."""
    if not isinstance(node.value, dict):
        reader.problem(node.line, "an example is a mapping of facts, such as `{region: UK}`")
        return {}
    values: dict[str, Value] = {}
    for fact, value in node.value.items():
        if fact not in facts:
            reader.problem(node.key_lines[fact], unknown_fact(reader, fact, facts))
        elif value.value is not None:
            values[fact] = read_one(reader, value, facts[fact])
    return values
