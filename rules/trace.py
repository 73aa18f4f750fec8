"""Everything that the rules saw of one lead: each condition with the value it read.

The states and points are those of `Rulebook.evaluate`; the steps below them say why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from rules.facts import Facts
from rules.language.steps import Step, compile_steps
from rules.report import Route, RuleReport

if TYPE_CHECKING:
    from rules.declaration import Rule
    from rules.rulebook import Rulebook

State = Literal["hit", "miss", "missing", "asleep", "snoozed", "failed"]
"""`missing`: facts that nobody knows leave it open. `asleep`: outside its dates. `snoozed`: passed
over for this account. `failed`: it raised, and counts as missing."""


class RuleTrace(msgspec.Struct, frozen=True):
    id: str
    file: str
    line: int
    purpose: str
    """fit, intent, negative, suppress, account or routing."""
    group: str
    state: State
    text: str
    """For a seller, with the values filled in; empty unless the rule hit."""
    points: float
    """What a hit is worth before its group's cap; 0 for rules without points."""
    added: float
    """What it added after the cap."""
    when: Step


class Trace(msgspec.Struct, frozen=True):
    """One lead under one catalog. `msgspec.to_builtins` makes the JSON of it."""

    fit_points: int
    grade: str
    intent_points: float
    negative_points: float
    suppressed: bool
    mqa: bool
    route: Route
    """The first routing rule that holds, or the default; its `rule` is the id."""
    rules: tuple[RuleTrace, ...]
    """Every rule of every sheet, then of routing, in the order of the files."""


def trace(rulebook: Rulebook, facts: Facts, snoozed: frozenset[str] = frozenset()) -> Trace:
    """The full trace of one lead's facts; those of routing are missing unless they are there."""
    report = rulebook.evaluate([facts], [snoozed])[0]
    route = rulebook.route(facts)
    scored = [_scored(rulebook, report, facts)]
    return Trace(
        fit_points=report.fit_points,
        grade=report.grade,
        intent_points=report.intent_points,
        negative_points=report.negative_points,
        suppressed=report.suppressed,
        mqa=report.mqa,
        route=route,
        rules=(*scored[0], *_routes(rulebook, facts)),
    )


def _scored(rulebook: Rulebook, report: RuleReport, facts: Facts) -> list[RuleTrace]:
    hits = {hit.id: hit for hit in report.hits}
    told: list[RuleTrace] = []
    for sheet in rulebook.sheets():
        for rule, group, points, *_ in sheet.rules:
            when = compile_steps(rule.when)(facts)
            hit = hits.get(rule.id)
            state = _state(rule, report, when, hit=hit is not None)
            text, added = (hit.text, hit.points) if hit else ("", 0.0)
            told.append(
                RuleTrace(
                    rule.id, rule.file, rule.line, sheet.purpose, group, state, text, points,
                    added, when,
                )
            )  # fmt: skip
    return told


def _state(rule: Rule, report: RuleReport, when: Step, *, hit: bool) -> State:
    if hit:
        return "hit"
    if rule.id in report.snoozed:
        return "snoozed"
    if rule.id in report.failed:
        return "failed"
    return "missing" if when.truth is None else "miss"


def _routes(rulebook: Rulebook, facts: Facts) -> list[RuleTrace]:
    return [
        RuleTrace(
            rule.id, rule.file, rule.line, "routing", "", _routed(rule, facts, when),
            rule.text(facts) if when.truth else "", 0.0, 0.0, when,
        )
        for rule, _ in rulebook.routing.rules
        for when in [compile_steps(rule.when)(facts)]
    ]  # fmt: skip


def _routed(rule: Rule, facts: Facts, when: Step) -> State:
    try:
        if rule.holds(facts):
            return "hit"
    except Exception:  # noqa: BLE001 - routing passes over what raises
        return "failed"
    return "missing" if when.truth is None else "miss"
