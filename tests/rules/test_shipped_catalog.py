"""The starter catalog: its examples, and what makes it a fair start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rules import Rulebook, load_catalog, run_examples
from rules.declaration import Example, Rule
from rules.language.conditions import Missing
from rules.routing import Routing

EXAMPLES = "examples:\n      hit: [{region: UK}]\n      miss: [{region: US}, {}]"


def test_every_rule_proves_itself(rulebook: Rulebook) -> None:
    """Each rule carries a hit and a miss, and all come out as declared."""
    tested = run_examples(rulebook)
    assert tested.wrong == ()
    for rule in rulebook.rules():
        assert {example.hit for example in rule.examples} == {True, False}
    assert tested.examples >= 2 * len(rulebook.rules())


def test_a_wrong_example_is_told_with_its_place(
    edit: Callable[[str, str, str], dict[str, str]],
) -> None:
    """`rules test` points at the line of the example, whichever side is wrong."""
    book = load_catalog(edit("fit.yaml", "{list: target_regions}", "[US, FR]"))
    told = [str(problem) for problem in run_examples(book).wrong]
    assert len(told) == 2
    assert all(one.startswith("fit.yaml:") and "`target_region`: should " in one for one in told)


def test_a_route_that_another_one_hides_is_told(
    edit: Callable[[str, str, str], dict[str, str]],
) -> None:
    """An order in which a route can never win is found by its own example."""
    wide = "when: {not: {fact: region, op: is_missing}}"
    book = load_catalog(edit("routing.yaml", "when: {not: {fact: owner, op: is_missing}}", wide))
    told = [str(problem) for problem in run_examples(book).wrong]
    assert any("`known_owner` stands before it and wins" in one for one in told)


def test_an_example_that_raises_is_a_wrong_example(rulebook: Rulebook) -> None:
    """A rule that fails on its own example is not ready to be published."""

    def raises(_: object) -> bool:
        raise ZeroDivisionError("by zero")

    example = Example({}, hit=True, line=3)
    when = Missing("owner")
    rule = Rule("odd", "routing.yaml", 1, lambda _: "", when, raises, (example,), "")
    routing = Routing(((rule, rulebook.routing.default),), "rest", rulebook.routing.default)
    wrong = run_examples(replace(rulebook, routing=routing)).wrong
    assert [str(one) for one in wrong] == [
        "routing.yaml:3: `odd`: raises ZeroDivisionError: by zero"
    ]


@pytest.mark.parametrize("place", ["fit", "intent", "negative"])
def test_no_group_is_empty(rulebook: Rulebook, place: str) -> None:
    """A group that no rule uses is a cap on nothing: a leftover."""
    sheet = getattr(rulebook, place)
    assert {group for _, group, *_ in sheet.rules} == set(sheet.caps)
