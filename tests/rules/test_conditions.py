"""Conditions: three-valued logic, typed operators."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY, from_iso
from rules.facts import Facts
from rules.language.names import Names
from rules.language.read_conditions import read_condition
from rules.language.reading import Reader
from rules.language.rows import Test as Condition
from rules.language.rows import compile_row, conjunction, disjunction, negation
from rules.language.source import Node, read_yaml

KINDS = {"a": "number", "b": "number", "w": "word", "d": "age", "as_of": "moment"}

FACTS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.one_of(st.none(), st.integers(-3, 3)),
        "b": st.one_of(st.none(), st.floats(-3, 3)),
        "w": st.one_of(st.none(), st.sampled_from(["x", "y", "Xy"])),
    },
)
COMPARISONS = st.sampled_from(
    [
        "{fact: a, op: at_least, value: 1}",
        "{fact: a, op: between, value: [-1, 2]}",
        "{fact: b, op: below, value: 0.5}",
        "{fact: b, op: is_missing}",
        "{fact: w, op: in, value: [x, y]}",
        "{fact: w, op: contains, value: y}",
        "{fact: w, op: matches, value: ^x}",
    ]
)
TEXTS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"{{not: {text}}}"),
        st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: f"{{{pair[0]}: [{', '.join(pair[1])}]}}"
        ),
    ),
    max_leaves=8,
)


def compiled(text: str) -> Condition:
    reader = Reader("here.yaml")
    node = read_yaml(text, reader)
    assert isinstance(node, Node)
    condition = read_condition(reader, node, Names(KINDS))
    assert condition is not None, reader.problems
    return compile_row(condition)


def truth(said: Any, facts: Facts) -> bool | None:
    """The logic once more, written apart: Kleene's tables over numbers (missing lies between)."""
    rank = {False: 0, None: 1, True: 2}
    of = {0: False, 1: None, 2: True}
    if "not" in said:
        return of[2 - rank[truth(said["not"], facts)]]
    if "all" in said:
        return of[min(rank[truth(one, facts)] for one in said["all"])]
    if "any" in said:
        return of[max(rank[truth(one, facts)] for one in said["any"])]
    value = facts.get(said["fact"])
    if said["op"] == "is_missing":
        return value is None
    return None if value is None else compare(said["op"], value, said["value"])


def compare(op: str, value: Any, said: Any) -> bool:
    match op:
        case "at_least":
            return value >= said
        case "between":
            return said[0] <= value <= said[1]
        case "below":
            return value < said
        case "in":
            return value in said
        case "contains":
            return said.lower() in value.lower()
        case _:
            return value.lower().startswith("x")


@given(TEXTS, FACTS)
def test_a_condition_means_what_kleenes_tables_say(text: str, facts: Facts) -> None:
    """The compiled form and a plain reading of the same text never differ, missing facts or not."""
    import yaml

    assert compiled(text)(facts) is truth(yaml.safe_load(text), facts)


@given(TEXTS, TEXTS, FACTS)
def test_de_morgan_holds_with_missing_facts(first: str, second: str, facts: Facts) -> None:
    """An author may push a `not` inwards: nothing changes, not even what is missing."""
    p, q = compiled(first), compiled(second)
    assert negation(conjunction([p, q]))(facts) is disjunction([negation(p), negation(q)])(facts)
    assert negation(disjunction([p, q]))(facts) is conjunction([negation(p), negation(q)])(facts)


@given(TEXTS, FACTS)
def test_not_not_changes_nothing(text: str, facts: Facts) -> None:
    """Two negations cancel, also for missing."""
    condition = compiled(text)
    assert negation(negation(condition))(facts) is condition(facts)


def test_a_missing_fact_is_missing_and_so_is_its_opposite() -> None:
    """Else an unknown region would count as “not UK” and cost a lead points by accident."""
    for text in ("{fact: w, op: is, value: x}", "{fact: w, op: is_not, value: x}"):
        assert compiled(text)({}) is None
        assert compiled(text)({"w": None}) is None
        assert compiled(f"{{not: {text}}}")({}) is None


@pytest.mark.parametrize(
    ("text", "hit", "miss"),
    [
        ("{fact: a, op: is, value: 2}", {"a": 2.0}, {"a": 3}),
        ("{fact: a, op: is_not, value: 2}", {"a": 3}, {"a": 2}),
        ("{fact: a, op: above, value: 2}", {"a": 2.1}, {"a": 2}),
        ("{fact: a, op: at_least, value: 2}", {"a": 2}, {"a": 1.9}),
        ("{fact: a, op: below, value: 2}", {"a": 1}, {"a": 2}),
        ("{fact: a, op: at_most, value: 2}", {"a": 2}, {"a": 3}),
        ("{fact: a, op: between, value: [1, 2]}", {"a": 2}, {"a": 2.5}),
        ("{fact: a, op: in, value: [1, 2]}", {"a": 1}, {"a": 3}),
        ("{fact: w, op: in, value: [UK, NO]}", {"w": "NO"}, {"w": "no"}),
        ("{fact: w, op: not_in, value: [UK]}", {"w": "US"}, {"w": "UK"}),
        ("{fact: w, op: contains, value: finance}", {"w": "VP Finance"}, {"w": "Sales"}),
        ("{fact: w, op: matches, value: '^vp\\b'}", {"w": "VP Sales"}, {"w": "VPN admin"}),
        ("{fact: w, op: contains, value: Σ}", {"w": "aς"}, {"w": "a"}),
        ("{fact: w, op: contains, value: .}", {"w": "a.b"}, {"w": "ab"}),
        ("{fact: w, op: starts_with, value: vp}", {"w": "VP Sales"}, {"w": "EVP Sales"}),
        ("{fact: w, op: domain, value: a.de}", {"w": "mail.A.de"}, {"w": "ba.de"}),
        ("{fact: w, op: domain, value: [a.de, b.fr]}", {"w": "b.fr"}, {"w": "b.fr.evil.de"}),
        ("{fact: d, op: within_days, value: 7}", {"d": 7.0}, {"d": 7.01}),
        ("{fact: d, op: at_least, value: 7}", {"d": 7.0}, {"d": 6.9}),
        ("{fact: w, op: is_missing}", {}, {"w": "x"}),
    ],
)
def test_each_operator_hits_and_misses(text: str, hit: Facts, miss: Facts) -> None:
    """The table of operators, one line each; `NO` is a country and not a “false”."""
    assert compiled(text)(hit) is True
    assert compiled(text)(miss) is False


MIDNIGHT = from_iso("2026-05-01")


@pytest.mark.parametrize(
    ("op", "hits", "misses"),
    [
        ("before", [-1, -DAY], [0, 1, DAY]),
        ("after", [DAY, DAY + 1], [-1, 0, DAY - 1]),
    ],
)
def test_dates_are_whole_days_in_utc(op: str, hits: list[int], misses: list[int]) -> None:
    """Before the day began, after it ended; and an age is dated back from `as_of`."""
    moment = compiled(f"{{fact: as_of, op: {op}, value: 2026-05-01}}")
    aged = compiled(f"{{fact: d, op: {op}, value: 2026-05-01}}")
    for expected, distances in ((True, hits), (False, misses)):
        for distance in distances:
            assert moment({"as_of": MIDNIGHT + distance}) is expected
            later = {"as_of": MIDNIGHT + distance + 40 * DAY, "d": 40.0}
            assert aged(later) is expected
    assert aged({"d": 3.0}) is None
    assert aged({"as_of": MIDNIGHT}) is None


def test_a_hostile_pattern_runs_in_linear_time() -> None:
    """This one hangs a backtracking engine on 30 characters; here it sees 200,000 and is done."""
    condition = compiled("{fact: w, op: matches, value: '^(a+)+$'}")
    assert condition({"w": "a" * 200_000 + "!"}) is False
