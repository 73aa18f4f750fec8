"""Our conditions in the words of two rule engines, which then say which rules hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rules.declaration import Rule
from rules.facts import Facts
from rules.language.conditions import AllOf, AnyOf, Compare, Condition, Missing, Not, Segment
from rules.language.conditions import leaves as read_by
from rules.language.patterns import PATTERNS

_SIGNS = {
    "at_least": ">=", "at_most": "<=", "above": ">", "below": "<", "is": "==", "is_not": "!=",
    "within_days": "<=",
}  # fmt: skip

Ask = Callable[[Facts], object]
Holds = Callable[[Facts], list[bool]]


class Words(NamedTuple):
    """What an engine calls things."""

    both: str
    either: str
    negated: str
    found: Callable[[str, str], str]
    """(fact, RE2 pattern) → its test."""


ZEN = Words("and", "or", "not", lambda fact, pattern: f'matches({fact}, "{pattern}")')
CEL = Words("&&", "||", "!", lambda fact, pattern: f"{fact}.matches({json.dumps(pattern)})")


class Engine(NamedTuple):
    """Ways to ask one engine; `holds` answers in the order of the rules."""

    holds: Holds
    ways: dict[str, Ask]


def facts_of(rules: Sequence[Rule], facts: Facts) -> dict[str, Any]:
    """What the rules read and nothing else, all numbers floats: as these engines like it best."""
    names = {leaf.fact for rule in rules for leaf in read_by(rule.when)}
    values = {name: facts.get(name) for name in sorted(names)}
    return {name: float(one) if isinstance(one, int) else one for name, one in values.items()}


def zen(rules: Sequence[Rule]) -> Engine:
    """GoRules' engine: all rules as one compiled expression, and as a node of a decision graph."""
    import zen as engine

    texts = [translate(rule.when, ZEN) for rule in rules]
    listed = engine.compile_expression(f"[{', '.join(texts)}]")
    graph = engine.ZenEngine().create_decision(json.dumps(_graph(rules, texts)))
    return Engine(
        listed.evaluate,
        {
            "zen-engine, one expression": listed.evaluate,
            "zen-engine, a decision graph": graph.evaluate,
            "zen-engine, a decision graph with trace": lambda facts: graph.evaluate(
                facts, {"trace": True}
            ),
        },
    )


def cel(rules: Sequence[Rule]) -> Engine:
    """The Common Expression Language, in Rust: one program of all rules, and a program each."""
    import cel as engine

    texts = [translate(rule.when, CEL) for rule in rules]
    listed = engine.compile(f"[{', '.join(texts)}]")
    each = [engine.compile(text) for text in texts]

    def one_by_one(facts: Facts) -> list[bool]:
        context = engine.Context(variables=facts)
        return [program.execute(context) for program in each]

    return Engine(
        listed.execute, {"CEL, one program": listed.execute, "CEL, a program each": one_by_one}
    )


def translate(condition: Condition, words: Words, truth: bool = True) -> str:
    """True exactly where the condition is `truth`: neither engine knows a third value, so a `not`
    is pushed inwards and each comparison asks first whether its fact is there.
    """
    match condition:
        case Missing(fact):
            return f"({fact} {'==' if truth else '!='} null)"
        case Segment(_, part):
            return translate(part, words, truth)
        case Not(part):
            return translate(part, words, not truth)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(condition, AllOf) is truth
            join = words.both if every else words.either
            return f"({f' {join} '.join(translate(part, words, truth) for part in parts)})"
        case Compare(fact, op, value):
            said = _comparison(fact, op, value, words)
            return f"({fact} != null {words.both} {said if truth else f'{words.negated} ({said})'})"
        case _:
            raise ValueError(f"no other engine compares an age with a date: {condition}")


def _comparison(fact: str, op: str, value: Any, words: Words) -> str:
    if op in _SIGNS:
        return f"{fact} {_SIGNS[op]} {_literal(value)}"
    if op == "between":
        low, high = map(_literal, value)
        return f"{fact} >= {low} {words.both} {fact} <= {high}"
    if op in {"in", "not_in"}:
        said = f"{fact} in [{', '.join(_literal(one) for one in sorted(value))}]"
        return said if op == "in" else f"{words.negated} ({said})"
    return words.found(fact, PATTERNS[op](value))


def _literal(value: Any) -> str:
    return json.dumps(value if isinstance(value, str) else float(value))


def _graph(rules: Sequence[Rule], texts: Sequence[str]) -> dict[str, Any]:
    place = {"x": 0, "y": 0}
    expressions = [
        {"id": rule.id, "key": rule.id, "value": text}
        for rule, text in zip(rules, texts, strict=True)
    ]
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "position": place},
            {
                "id": "rules",
                "name": "rules",
                "type": "expressionNode",
                "position": place,
                "content": {"expressions": expressions},
            },
            {"id": "out", "name": "out", "type": "outputNode", "position": place},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }
