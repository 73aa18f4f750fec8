"""Conditions: all, any, not over {fact, op, value}, read into a small tree.

The tree is data. What is made of it stands beside: a test for one lead's facts (`rows`).

Logic has three values (Kleene): True, False, and None for missing. A comparison with a missing
fact is missing; `not` leaves it so; `all` is False if any part is, `any` is True if any part is,
and else a missing part makes the whole missing. A rule holds only when its condition is True.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rules.facts import ROUTE_FACTS
from rules.language.operators import IS_MISSING, NAMES, OPERATORS, SIGNS
from rules.language.reading import Reader
from rules.language.source import Node

_FORMS = ("all", "any", "not", "fact")


class Compare(NamedTuple):
    """`fact op value`; the value is as its operator's `read` gives it."""

    fact: str
    op: str
    value: Any


class Missing(NamedTuple):
    """The fact is not known: the one test that looks at absence."""

    fact: str


class Not(NamedTuple):
    part: Condition


class AllOf(NamedTuple):
    parts: tuple[Condition, ...]


class AnyOf(NamedTuple):
    parts: tuple[Condition, ...]


Condition = Compare | Missing | Not | AllOf | AnyOf


def read_condition(reader: Reader, node: Node, facts: Mapping[str, str]) -> Condition | None:
    """The condition that `node` declares over `facts` (name → kind); None after noting problems."""
    if not isinstance(node.value, dict):
        reader.problem(node.line, "a condition is `all`, `any`, `not`, or `fact`, `op`, `value`")
        return None
    forms = [form for form in _FORMS if form in node.value]
    if forms == ["fact"]:
        return _read_comparison(reader, node, facts)
    if len(forms) != 1 or len(node.value) != 1:
        reader.problem(
            node.line,
            "a condition is exactly one of `all: […]`, `any: […]`, `not: {…}` or"
            f" `fact`, `op`, `value`, not {', '.join(f'`{key}`' for key in node.value) or '{}'}",
        )
        return None
    inner = node.value[forms[0]]
    if forms == ["not"]:
        part = read_condition(reader, inner, facts)
        return part and Not(part)
    read = [read_condition(reader, item, facts) for item in reader.items(inner, f"`{forms[0]}`")]
    parts = tuple(part for part in read if part is not None)
    return AllOf(parts) if forms == ["all"] else AnyOf(parts)


def _read_comparison(
    reader: Reader, node: Node, facts: Mapping[str, str]
) -> Compare | Missing | None:
    fields = reader.fields(node, "a condition", ("fact", "op"), ("value",))
    fact = read_fact(reader, fields["fact"], facts)
    operator = _read_operator(reader, fields["op"]) if "op" in fields else None
    if fact is None or operator is None:
        return None
    kind = facts[fact]
    if operator == IS_MISSING:
        if "value" in fields:
            reader.problem(fields["value"].line, "`is_missing` takes no value")
        return Missing(fact)
    allowed, read, _ = OPERATORS[operator]
    if kind not in allowed:
        reader.problem(fields["op"].line, f"`{operator}` cannot take `{fact}`: it is a {kind}")
        return None
    if "value" not in fields:
        reader.problem(node.line, f"`{operator}` lacks its `value`")
        return None
    value: Any = read(reader, fields["value"], kind)
    return None if value is None else Compare(fact, operator, value)


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
    meant = SIGNS.get(operator)
    close = f"; did you mean `{meant}`?" if meant else reader.closest(operator, NAMES)
    reader.problem(
        node.line, f"unknown op `{operator}`{close or '; there are ' + ', '.join(NAMES)}"
    )
    return None
