"""Conditions: all, any, not over {fact, op, value}, compiled once to Python closures.

Logic has three values (Kleene): True, False, and None for missing. A comparison with a missing
fact is missing; `not` leaves it so; `all` is False if any part is, `any` is True if any part is,
and else a missing part makes the whole missing. A rule holds only when its condition is True.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rules.facts import ROUTE_FACTS, Facts
from rules.language.operators import IS_MISSING, NAMES, OPERATORS, SIGNS, Holds
from rules.language.reading import Reader
from rules.language.source import Node

Truth = bool | None
Test = Callable[[Facts], Truth]

_FORMS = ("all", "any", "not", "fact")


def read_condition(reader: Reader, node: Node, facts: Mapping[str, str]) -> Test | None:
    """The test that `node` declares over `facts` (name → kind); None after noting problems."""
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
        return part and negation(part)
    tests = [read_condition(reader, item, facts) for item in reader.items(inner, f"`{forms[0]}`")]
    parts = [test for test in tests if test is not None]
    return conjunction(parts) if forms == ["all"] else disjunction(parts)


def _read_comparison(reader: Reader, node: Node, facts: Mapping[str, str]) -> Test | None:
    fields = reader.fields(node, "a condition", ("fact", "op"), ("value",))
    fact = read_fact(reader, fields["fact"], facts)
    operator = _read_operator(reader, fields["op"]) if "op" in fields else None
    if fact is None or operator is None:
        return None
    kind = facts[fact]
    if operator == IS_MISSING:
        if "value" in fields:
            reader.problem(fields["value"].line, "`is_missing` takes no value")
        return missing(fact)
    allowed, read, make = OPERATORS[operator]
    if kind not in allowed:
        reader.problem(fields["op"].line, f"`{operator}` cannot take `{fact}`: it is a {kind}")
        return None
    if "value" not in fields:
        reader.problem(node.line, f"`{operator}` lacks its `value`")
        return None
    value: Any = read(reader, fields["value"], kind)
    return None if value is None else comparison(fact, make(value))


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


def comparison(fact: str, holds: Holds) -> Test:
    def test(facts: Facts) -> Truth:
        value = facts.get(fact)
        return None if value is None else holds(value)

    return test


def missing(fact: str) -> Test:
    return lambda facts: facts.get(fact) is None


def negation(part: Test) -> Test:
    def test(facts: Facts) -> Truth:
        truth = part(facts)
        return None if truth is None else not truth

    return test


def conjunction(parts: list[Test]) -> Test:
    def test(facts: Facts) -> Truth:
        result: Truth = True
        for part in parts:
            truth = part(facts)
            if truth is None:
                result = None
            elif not truth:
                return False
        return result

    return test


def disjunction(parts: list[Test]) -> Test:
    def test(facts: Facts) -> Truth:
        result: Truth = False
        for part in parts:
            truth = part(facts)
            if truth is None:
                result = None
            elif truth:
                return True
        return result

    return test
