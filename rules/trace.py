"""Everything that the rules saw of one lead: each condition with the value it read.

States and points are those of `Rulebook.evaluate` and `Rulebook.route`; the steps below say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from rules.facts import Facts
from rules.language.steps import Step, Tracer, compile_steps
from rules.report import Route, RuleReport
from rules.sheet import Decay, Sheet

if TYPE_CHECKING:
    from rules.declaration import Rule
    from rules.routing import Routing
    from rules.rulebook import Rulebook

State = Literal["hit", "miss", "missing", "asleep", "snoozed", "failed"]
"""`missing`: facts that nobody knows leave it open. `asleep`: outside its dates. `snoozed`: passed
over for this account. `failed`: it raised, and counts as missing."""


class RuleTrace(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
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


class Traced(NamedTuple):
    """A rule made ready to be traced."""

    rule: Rule
    declared: tuple[str, str, int, str]
    """id, file, line, purpose."""
    group: str
    points: float
    decay: Decay | None
    dated: bool
    steps: Tracer


def prepare(sheets: Sequence[Sheet]) -> list[Traced]:
    """Every rule of the sheets, in order."""
    return [
        _traced(rule, sheet.purpose, group, points, decay)
        for sheet in sheets
        for rule, group, points, decay in sheet.rules
    ]


def prepare_routes(routing: Routing) -> list[Traced]:
    return [_traced(rule, "routing", "", 0, None) for rule, _ in routing.rules]


def _traced(rule: Rule, purpose: str, group: str, points: float, decay: Decay | None) -> Traced:
    declared = (rule.id, rule.file, rule.line, purpose)
    dated = rule.from_at is not None or rule.until_at is not None
    return Traced(rule, declared, group, points, decay, dated, compile_steps(rule.when))


def trace(rulebook: Rulebook, facts: Facts, snoozed: frozenset[str] = frozenset()) -> Trace:
    """The full trace of one lead's facts; those of routing are missing unless they are there."""
    report = rulebook.evaluate([facts], [snoozed])[0]
    scored, routes = rulebook.traced
    return Trace(
        fit_points=report.fit_points,
        grade=report.grade,
        intent_points=report.intent_points,
        negative_points=report.negative_points,
        suppressed=report.suppressed,
        mqa=report.mqa,
        route=rulebook.route(facts),
        rules=(*_scored(scored, report, facts), *_routes(routes, facts)),
    )


def _scored(traced: Sequence[Traced], report: RuleReport, facts: Facts) -> list[RuleTrace]:
    hits = {hit.id: hit for hit in report.hits}
    kept_out: dict[str, State] = dict.fromkeys(report.failed, "failed")
    kept_out.update(dict.fromkeys(report.snoozed, "snoozed"))
    told: list[RuleTrace] = []
    for rule, declared, group, points, decay, dated, steps in traced:
        when, hit = steps(facts), hits.get(rule.id)
        if hit is not None:
            left = points * decay.share(facts) if decay else None
            told.append(
                RuleTrace(*declared, "hit", when, hit.text, group, points, left, hit.points)
            )
        else:
            state = kept_out.get(rule.id) or _open(rule, facts, when, dated=dated)
            told.append(RuleTrace(*declared, state, when, "", group, points))
    return told


def _routes(traced: Sequence[Traced], facts: Facts) -> list[RuleTrace]:
    told: list[RuleTrace] = []
    for rule, declared, _, _, _, dated, steps in traced:
        when = steps(facts)
        state = _open(rule, facts, when, dated=dated)
        try:
            text = rule.text(facts) if state != "asleep" and rule.holds(facts) else None
        except Exception:  # noqa: BLE001 - routing passes over what raises
            state, text = "failed", None
        if text is not None:
            state = "hit"
        told.append(RuleTrace(*declared, state, when, text or ""))
    return told


def _open(rule: Rule, facts: Facts, when: Step, *, dated: bool) -> State:
    """Of a rule that did not hit. One that decays by an age that nobody knows is missing."""
    if dated and rule.asleep(facts):
        return "asleep"
    return "miss" if when.truth is False else "missing"
