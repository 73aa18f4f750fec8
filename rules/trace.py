"""Everything that the rules saw of one lead: each condition with the value it read.

States and points are those of `Rulebook.evaluate` and `Rulebook.route`; the steps below say why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from rules.facts import Facts
from rules.language.steps import Step
from rules.report import Hit, Route, RuleReport

if TYPE_CHECKING:
    from rules.declaration import Rule
    from rules.rulebook import Rulebook

State = Literal["hit", "miss", "missing", "asleep", "snoozed", "failed"]
"""`missing`: facts that nobody knows leave it open. `asleep`: outside its dates. `snoozed`: passed
over for this account. `failed`: it raised, and counts as missing."""


class RuleTrace(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    file: str
    line: int
    purpose: str
    """fit, intent, negative, suppress, account or routing."""
    state: State
    when: Step
    text: str = ""
    """For a seller, with the values filled in; empty unless the rule hit."""
    group: str = ""
    points: float = 0
    """As declared; 0 for rules without points."""
    left: float | None = None
    """What decay leaves of the points of a hit; None for a rule without decay."""
    added: float = 0
    """What the hit added, after decay and its group's cap."""


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
    return Trace(
        fit_points=report.fit_points,
        grade=report.grade,
        intent_points=report.intent_points,
        negative_points=report.negative_points,
        suppressed=report.suppressed,
        mqa=report.mqa,
        route=rulebook.route(facts),
        rules=(*_scored(rulebook, report, facts), *_routes(rulebook, facts)),
    )


def _scored(rulebook: Rulebook, report: RuleReport, facts: Facts) -> list[RuleTrace]:
    hits = {hit.id: hit for hit in report.hits}
    told: list[RuleTrace] = []
    for sheet in rulebook.sheets:
        for rule, group, points, decay in sheet.rules:
            when, hit = rulebook.tracers[rule.id](facts), hits.get(rule.id)
            state = "hit" if hit else _state(rule, report, facts, when)
            text, added = (hit.text, hit.points) if hit else ("", 0)
            left = points * decay.share(facts) if hit and decay else None
            told.append(
                RuleTrace(
                    rule.id, rule.file, rule.line, sheet.purpose, state, when, text, group, points,
                    left, added,
                )
            )  # fmt: skip
    return told


def _state(rule: Rule, report: RuleReport, facts: Facts, when: Step) -> State:
    if rule.id in report.snoozed:
        return "snoozed"
    if rule.id in report.failed:
        return "failed"
    if rule.asleep(facts):
        return "asleep"
    # A rule that decays and does not know its age is missing, whatever its condition says.
    return "miss" if when.truth is False else "missing"


def _routes(rulebook: Rulebook, facts: Facts) -> list[RuleTrace]:
    told: list[RuleTrace] = []
    for rule, _ in rulebook.routing.rules:
        when = rulebook.tracers[rule.id](facts)
        state = _routed(rule, facts, when)
        text = Hit(rule.id, "account", (rule.text, facts), 0).text if state == "hit" else ""
        told.append(RuleTrace(rule.id, rule.file, rule.line, "routing", state, when, text))
    return told


def _routed(rule: Rule, facts: Facts, when: Step) -> State:
    try:
        if rule.asleep(facts):
            return "asleep"
        if rule.holds(facts):
            return "hit"
    except Exception:  # noqa: BLE001 - routing passes over what raises
        return "failed"
    return "miss" if when.truth is False else "missing"
