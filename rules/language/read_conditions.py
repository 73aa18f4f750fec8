"""Reads conditions, and says what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.facts import AGE, ROUTE_FACTS, WORD
from rules.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Happened,
    Missing,
    Not,
    Segment,
)
from rules.language.names import MOST_DEPTH, MOST_PARTS, Names, size
from rules.language.operators import DATED, IS_MISSING, LISTED, NAMES, OPERATORS, SIGNS
from rules.language.reading import Reader
from rules.language.source import Node

_FORMS = ("all", "any", "not", "fact", "segment")


def read_condition(reader: Reader, node: Node, names: Names) -> Condition | None:
    """The condition that `node` declares over `names`; None after noting problems.

    Never a part of it: that would hold elsewhere than its author meant.
    """
    before = reader.count()
    condition = _read(reader, node, names)
    if condition is None or reader.count() > before:
        return None
    parts, depth, _ = size(condition, names)
    if parts > MOST_PARTS or depth > MOST_DEPTH:
        reader.problem(
            node.line,
            f"a condition has at most {MOST_PARTS} comparisons and {MOST_DEPTH} levels,"
            " those of its segments among them",
        )
        return None
    return condition


def _read(reader: Reader, node: Node, names: Names) -> Condition | None:
    if not isinstance(node.value, dict):
        reader.problem(
            node.line, "a condition is `all`, `any`, `not`, `segment`, or `fact`, `op`, `value`"
        )
        return None
    forms = [form for form in _FORMS if form in node.value]
    if forms == ["fact"]:
        return _read_comparison(reader, node, names)
    if len(forms) != 1 or len(node.value) != 1:
        reader.problem(
            node.line,
            "a condition is exactly one of `all: […]`, `any: […]`, `not: {…}`, `segment: name` or"
            f" `fact`, `op`, `value`, not {', '.join(f'`{key}`' for key in node.value) or '{}'}",
        )
        return None
    inner = node.value[forms[0]]
    if forms == ["segment"]:
        return _read_segment(reader, inner, names)
    if forms == ["not"]:
        part = _read(reader, inner, names)
        return part and Not(part)
    read = [_read(reader, item, names) for item in reader.items(inner, f"`{forms[0]}`")]
    parts = tuple(part for part in read if part is not None)
    return AllOf(parts) if forms == ["all"] else AnyOf(parts)


def _read_segment(reader: Reader, node: Node, names: Names) -> Segment | None:
    name = reader.word(node, "`segment`")
    if name is None:
        return None
    if name not in names.segments:
        close = reader.closest(name, names.segments)
        reader.problem(
            node.line, f"unknown segment `{name}`{close or '; segments.yaml declares them'}"
        )
        return None
    named = names.segments[name]
    unknown = sorted(named.size.reads - names.facts.keys()) if named else []
    for fact in unknown:
        reader.problem(node.line, f"segment `{name}`: {unknown_fact(reader, fact, names.facts)}")
    return named.segment if named and not unknown else None


def _read_comparison(
    reader: Reader, node: Node, names: Names
) -> Compare | Happened | Missing | None:
    fields = reader.fields(node, "a condition", ("fact", "op"), ("value",))
    fact = read_fact(reader, fields["fact"], names.facts)
    operator = _read_operator(reader, fields["op"]) if "op" in fields else None
    if fact is None or operator is None:
        return None
    kind = names.facts[fact]
    if operator == IS_MISSING:
        if "value" in fields:
            reader.problem(fields["value"].line, "`is_missing` takes no value")
        return Missing(fact)
    if kind not in OPERATORS[operator].kinds:
        reader.problem(fields["op"].line, _cannot(operator, fact, kind))
        return None
    if "value" not in fields:
        reader.problem(node.line, f"`{operator}` lacks its `value`")
        return None
    value = _read_value(reader, fields["value"], operator, kind, names)
    if value is None:
        return None
    return (Happened if kind == AGE and operator in DATED else Compare)(fact, operator, value)


def _cannot(operator: str, fact: str, kind: str) -> str:
    takes = ", ".join(name for name, one in OPERATORS.items() if kind in one.kinds)
    article = "an" if kind == AGE else "a"
    return f"`{operator}` cannot take `{fact}`: it is {article} {kind}, which takes {takes}"


def _read_value(reader: Reader, node: Node, operator: str, kind: str, names: Names) -> Any:
    if isinstance(node.value, dict) and "list" in node.value:
        if operator not in LISTED:
            takers = ", ".join(f"`{name}`" for name in sorted(LISTED))
            reader.problem(node.line, f"`{operator}` takes no list: {takers} do")
            return None
        listed = _read_listed(reader, node, kind, names)
        if listed is None:
            return None
        node = listed
    return OPERATORS[operator].read(reader, node, kind)


def _read_listed(reader: Reader, node: Node, kind: str, names: Names) -> Node | None:
    """The items of a named list, as if they stood here."""
    fields = reader.fields(node, "the value of this operator", ("list",))
    name = reader.word(fields["list"], "`list`")
    if name is None:
        return None
    if name not in names.lists:
        close = reader.closest(name, names.lists)
        reader.problem(
            node.line, f"unknown list `{name}`{close or '; segments.yaml declares them'}"
        )
        return None
    words = names.lists[name]
    if words is None:
        return None
    if (words.kind == WORD) != (kind == WORD):
        reader.problem(node.line, f"list `{name}` holds {words.kind}s, and the fact is a {kind}")
        return None
    items = words.node.value
    assert isinstance(items, list)  # noqa: S101 - its reader has seen to it
    return Node([Node(item.value, node.line, {}) for item in items], node.line, {})


def read_fact(reader: Reader, node: Node, facts: Mapping[str, str]) -> str | None:
    """The name of a known fact."""
    fact = reader.word(node, "`fact`")
    if fact is None or fact in facts:
        return fact
    reader.problem(node.line, unknown_fact(reader, fact, facts))
    return None


def unknown_fact(reader: Reader, fact: str, facts: Mapping[str, str]) -> str:
    """What to tell an author who names a fact that is not there."""
    if fact in ROUTE_FACTS:
        return f"`{fact}` is known only after scoring: only routing.yaml may read it"
    return f"unknown fact `{fact}`{reader.closest(fact, facts)}"


def _read_operator(reader: Reader, node: Node) -> str | None:
    operator = reader.word(node, "`op`")
    if operator is None or operator in NAMES:
        return operator
    meant = SIGNS.get(operator.lower().replace(" ", "_"))
    close = f"; did you mean `{meant}`?" if meant else reader.closest(operator, NAMES)
    reader.problem(
        node.line, f"unknown op `{operator}`{close or '; there are ' + ', '.join(NAMES)}"
    )
    return None
