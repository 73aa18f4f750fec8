"""A declared rule: id, text, condition, points, and the examples that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.facts import Facts, Value
from rules.language.conditions import Condition, read_condition, unknown_fact
from rules.language.operators import read_one
from rules.language.reading import Reader
from rules.language.rows import Test, compile_row
from rules.language.source import Node
from rules.language.wording import Fill, read_text

COMMON = ("id", "text", "when", "examples")
"""What every rule has; scored ones add `group` and `points`, routes their destination."""


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


def told(rule: Rule, facts: Facts, failed: list[str]) -> str | None:
    """The rule's text if it holds, else None.

    A rule that raises counts as missing and is named in `failed`.
    """
    try:
        return rule.text(facts) if rule.holds(facts) else None
    except Exception:  # noqa: BLE001 - one odd value must never cost a lead its score
        failed.append(rule.id)
        return None


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
    reader: Reader, line: int, fields: dict[str, Node], facts: Mapping[str, str], ids: Ids
) -> Rule | None:
    """The part that all rules share, from the fields named in `COMMON`."""
    name = ids.read(reader, fields["id"]) if "id" in fields else None
    text = read_text(reader, fields["text"], facts) if "text" in fields else None
    when = read_condition(reader, fields["when"], facts) if "when" in fields else None
    examples = _read_examples(reader, fields["examples"], facts) if "examples" in fields else ()
    if name is None or text is None or when is None:
        return None
    return Rule(name, reader.file, line, text, when, compile_row(when), examples)


def _read_examples(reader: Reader, node: Node, facts: Mapping[str, str]) -> tuple[Example, ...]:
    """At least one that hits and one that misses."""
    fields = reader.fields(node, "examples", ("hit", "miss"))
    return tuple(
        Example(_read_facts(reader, item, facts), hit=kind == "hit", line=item.line)
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
