"""The trace: every rule with its state, every condition with the value it read."""

from __future__ import annotations

import msgspec

from rules import Facts, Rulebook
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


def test_the_trace_names_the_route_that_won(rulebook: Rulebook) -> None:
    """Later routes may hold too; the first one decides."""
    told = trace(rulebook, {"region": "UK", "owner": "rep-7"})
    holding = [one.id for one in told.rules if one.purpose == "routing" and one.state == "hit"]
    assert told.route.rule == "known_owner"
    assert holding == ["known_owner", "territory_uk"]
