"""A condition → a test for one lead's facts: Python closures, made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.facts import Facts
from rules.language.conditions import AllOf, AnyOf, Compare, Condition, Missing, Not
from rules.language.operators import OPERATORS, Holds

Truth = bool | None
Test = Callable[[Facts], Truth]


def compile_row(condition: Condition) -> Test:
    """The test of `condition`: True, False, or None where missing facts leave it open."""
    match condition:
        case Compare(fact, op, value):
            return comparison(fact, OPERATORS[op].make(value))
        case Missing(fact):
            return missing(fact)
        case Not(part):
            return negation(compile_row(part))
        case AllOf(parts):
            return conjunction([compile_row(part) for part in parts])
        case AnyOf(parts):
            return disjunction([compile_row(part) for part in parts])


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


def conjunction(parts: Sequence[Test]) -> Test:
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


def disjunction(parts: Sequence[Test]) -> Test:
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
