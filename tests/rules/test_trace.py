"""The trace: every rule with its state, every condition with the value it read."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from random_rules import LARGE, LEADS, catalogs

from rules import Facts, Rulebook
from rules.declaration import Rule
from rules.language.conditions import Compare, leaves
from rules.language.rows import compile_row
from rules.language.steps import Look, Named, Step, compile_steps
from rules.sheet import Scored
from rules.trace import RuleTrace, trace


def of(
    rulebook: Rulebook, facts: Facts, snoozed: frozenset[str] = frozenset()
) -> dict[str, RuleTrace]:
    return {one.id: one for one in trace(rulebook, facts, snoozed).rules}


def test_each_rule_has_a_state_and_each_comparison_its_value(rulebook: Rulebook) -> None:
    """Who asks why a lead scored so finds the value that decided, or that nobody knows it."""
    told = of(rulebook, {"region": "FR", "form_submits_1d": 1, "pricing_views_7d": "three"})
    assert len(told) == len(rulebook.rules())
    states = {name: told[name].state for name in ("other_region", "target_region", "too_small")}
    assert states == {"other_region": "hit", "target_region": "miss", "too_small": "missing"}
    assert msgspec.to_builtins(told["other_region"].when) == {
        "fact": "region", "op": "not_in", "value": ("UK", "US"), "read": "FR", "truth": True,
    }  # fmt: skip
    failed = told["pricing_often"]
    assert failed.state == "failed"
    assert "TypeError" in msgspec.json.encode(failed.when).decode()


def test_points_are_told_before_and_after_the_cap(rulebook: Rulebook) -> None:
    """A rule that hit in vain shows what took its points away."""
    told = of(rulebook, {"form_submits_1d": 1, "form_submits_7d": 2, "chats_30d": 1})
    points = {name: (told[name].points, told[name].added) for name in ("form_this_week", "chatted")}
    assert points == {"form_this_week": (30, 5), "chatted": (15, 0)}


def test_a_snoozed_rule_is_passed_over_and_named(rulebook: Rulebook) -> None:
    """One account's exception counts for nobody else, and is never hidden."""
    facts: Facts = {"deals_won_ever": 1}
    snoozed = frozenset({"customer"})
    reports = rulebook.evaluate([facts, facts], [snoozed, frozenset()])
    assert [(one.suppressed, one.snoozed) for one in reports] == [
        (False, ("customer",)),
        (True, ()),
    ]
    assert of(rulebook, facts, snoozed)["customer"].state == "snoozed"


@settings(LARGE, max_examples=30)
@given(catalogs(), st.lists(LEADS, min_size=3, max_size=3), st.data())
def test_the_trace_agrees_with_the_rules_and_with_what_they_answered(
    book: Rulebook, leads: list[Facts], data: st.DataObject
) -> None:
    """An explanation that told of another evaluation than the one in force would be a lie."""
    names = [rule.id for rule in book.rules()]
    snoozed = data.draw(st.frozensets(st.sampled_from(names), max_size=3))
    decays = {one.rule.id: one for sheet in book.sheets for one in sheet.rules}
    for facts in leads:
        told = trace(book, facts, snoozed)
        by_id = {one.id: one for one in told.rules}
        assert list(by_id) == names
        for rule in book.rules():
            passed = rule.id in snoozed and rule.id in decays
            expected = "snoozed" if passed else state_of(rule, decays.get(rule.id), facts)
            assert by_id[rule.id].state == expected
        answered(book, facts, snoozed, told)


def state_of(rule: Rule, scored: Scored | None, facts: Facts) -> str:
    """The states once more, written apart."""
    truth = compile_row(rule.when)(facts)
    if rule.asleep(facts):
        return "asleep"
    if truth and scored and scored.decay and facts.get(scored.decay.fact) is None:
        return "missing"
    return {True: "hit", False: "miss", None: "missing"}[truth]


def answered(book: Rulebook, facts: Facts, snoozed: frozenset[str], told: Any) -> None:
    """Sums, verdicts and route are those of `evaluate` and `route`; truths follow from below."""
    report, route = book.evaluate([facts], [snoozed])[0], book.route(facts)
    for field in ("fit_points", "grade", "intent_points", "negative_points", "suppressed", "mqa"):
        assert getattr(told, field) == getattr(report, field)
    assert told.route == route
    hits = [one for one in told.rules if one.state == "hit" and one.purpose != "routing"]
    assert [(one.id, one.added) for one in hits] == [(hit.id, hit.points) for hit in report.hits]
    routed = (one.id for one in told.rules if one.state == "hit" and one.purpose == "routing")
    assert route.rule == next(routed, "rest")
    for one, rule in zip(told.rules, book.rules(), strict=True):
        for look, leaf in zip(follows(one.when), leaves(rule.when), strict=True):
            assert look.read is facts.get(leaf.fact)
            assert look.truth is compile_row(leaf)(facts)


def follows(step: Step) -> list[Look]:
    """Each truth from those below it, by Kleene's tables. Its comparisons, from left to right."""
    rank = {False: 0, None: 1, True: 2}
    if isinstance(step, Look):
        return [step]
    if isinstance(step, Named):
        assert step.truth is step.part.truth
        return follows(step.part)
    truths = [part.truth for part in step.parts]
    if step.join == "not":
        assert rank[step.truth] == 2 - rank[truths[0]]
    else:
        assert step.truth is (min if step.join == "all" else max)(truths, key=rank.__getitem__)
    return [look for part in step.parts for look in follows(part)]


def test_what_was_read_before_is_never_told_of_another_lead() -> None:
    """Looks at small counts are made once and shared; the value told has to be the lead's own."""
    steps = compile_steps(Compare("page_views_7d", "at_least", 3), tolerant=False)
    for value in (0, 1, 2, 3, 4, 15, 16, 17, 2, 2.0, True, None, -1, 0, 3.0, 3):
        look = steps({"page_views_7d": value})
        assert isinstance(look, Look)
        assert look.read is value
        assert look.truth is (None if value is None else value >= 3)


def test_the_trace_names_the_route_that_won(rulebook: Rulebook) -> None:
    """Later routes may hold too; the first one decides."""
    told = trace(rulebook, {"region": "UK", "owner": "rep-7"})
    holding = [one.id for one in told.rules if one.purpose == "routing" and one.state == "hit"]
    assert told.route.rule == "known_owner"
    assert holding == ["known_owner", "territory_uk"]
