"""Runs the examples that every rule carries."""

from __future__ import annotations

from typing import NamedTuple

from core.errors import Problem
from rules.declaration import Example, Rule
from rules.rulebook import Rulebook


class Tested(NamedTuple):
    """How many examples were run, and those that did not come out as declared."""

    examples: int
    wrong: tuple[Problem, ...]


def run_examples(rulebook: Rulebook) -> Tested:
    """Each rule alone; a route also has to win against the rules that stand before it."""
    wrong: list[Problem] = []
    count = 0
    routes = {rule.id for rule, _ in rulebook.routing.rules}
    for rule in rulebook.rules():
        for example in rule.examples:
            count += 1
            told = _run(rulebook, rule, example, rule.id in routes)
            if told:
                wrong.append(Problem(f"{rule.file}:{example.line}", f"`{rule.id}`: {told}"))
    return Tested(count, tuple(wrong))


def _run(rulebook: Rulebook, rule: Rule, example: Example, routes: bool) -> str:
    """What is wrong with the outcome; nothing when it is as declared."""
    try:
        held = rule.holds(example.facts) is True and not rule.asleep(example.facts)
        rule.text(example.facts)
    except Exception as error:  # noqa: BLE001 - told as the outcome of this example
        return f"raises {type(error).__name__}: {error}"
    if held != example.hit:
        return "should hit, and does not" if example.hit else "should miss, and hits"
    winner = rulebook.route(example.facts).rule if routes and held else rule.id
    return "" if winner == rule.id else f"`{winner}` stands before it and wins"
