"""Everything that the rules saw of one lead: each condition with the value it read.

States and points are those of `Rulebook.evaluate` and `Rulebook.route`; the steps below say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from rules.facts import Facts
from rules.in_effect import in_effect
from rules.language.rows import Test, Truth, compile_row
from rules.language.steps import Step, Tracer, compile_steps
from rules.plan import Found
from rules.report import Route, RuleReport
from rules.sheet import Decay, Scored, Sheet

if TYPE_CHECKING:
    from rules.declaration import Rule
    from rules.routing import Routing
    from rules.rulebook import Rulebook

State = Literal["hit", "miss", "missing", "asleep", "snoozed", "failed"]
"""`missing`: facts that nobody knows leave it open. `asleep`: outside its dates. `snoozed`: passed
over for this account. `failed`: it raised, and counts as missing."""

_STATES: dict[Truth, State] = {True: "hit", False: "miss", None: "missing"}


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
    plain: bool
    """Neither dates nor decay: the rule holds where its condition does."""
    test: Test
    """Of all that is in effect."""
    steps: Tracer
    forgiving: Tracer
    """For a lead with a value of another kind."""


def prepare(sheets: Sequence[Sheet]) -> list[Traced]:
    """Every rule of the sheets, in order."""
    return [_traced(one, sheet.purpose) for sheet in sheets for one in sheet.rules]


def prepare_routes(routing: Routing) -> list[Traced]:
    return [_traced(Scored(rule, "", 0), "routing") for rule, _ in routing.rules]


def _traced(scored: Scored, purpose: str) -> Traced:
    rule, group, points, decay = scored
    return Traced(
        rule,
        (rule.id, rule.file, rule.line, purpose),
        group,
        points,
        decay,
        decay is None and rule.from_at is None and rule.until_at is None,
        compile_row(in_effect(rule, decay)),
        compile_steps(rule.when, tolerant=False),
        compile_steps(rule.when, tolerant=True),
    )


def trace(rulebook: Rulebook, facts: Facts, snoozed: frozenset[str] = frozenset()) -> Trace:
    """The full trace of one lead's facts; those of routing are missing unless they are there."""
    scored, routes = rulebook.traced
    looked = _look(scored, facts)
    hits = [place for place, (_, state) in enumerate(looked) if state == "hit"]
    failed = [place for place, (_, state) in enumerate(looked) if state == "failed"]
    counted = rulebook.plan.count(facts, Found(hits, failed), snoozed)
    report = rulebook.report(facts, counted, snoozed)
    return Trace(
        fit_points=report.fit_points,
        grade=report.grade,
        intent_points=report.intent_points,
        negative_points=report.negative_points,
        suppressed=report.suppressed,
        mqa=report.mqa,
        route=rulebook.route(facts),
        rules=(*_scored(scored, looked, report, facts), *_routed(routes, facts)),
    )


def _look(traced: Sequence[Traced], facts: Facts) -> list[tuple[Step, State]]:
    """Of each rule the steps of its condition, and where they leave it."""
    looked: list[tuple[Step, State]] = []
    for one in traced:
        try:
            when = one.steps(facts)
            plain = one.plain
        except Exception:  # noqa: BLE001 - told in the steps
            when, plain = one.forgiving(facts), False
        looked.append((when, _STATES[when.truth] if plain else _ask(one, facts, when)))
    return looked


def _ask(one: Traced, facts: Facts, when: Step) -> State:
    """With dates, an age to decay by or a comparison that raised, the rule itself has to say."""
    if one.rule.asleep(facts):
        return "asleep"
    try:
        if one.test(facts):
            return "hit"
    except Exception:  # noqa: BLE001 - it counts as missing
        return "failed"
    return "miss" if when.truth is False else "missing"


def _scored(
    traced: Sequence[Traced],
    looked: Sequence[tuple[Step, State]],
    report: RuleReport,
    facts: Facts,
) -> list[RuleTrace]:
    """A hit may still be passed over, or fail when its points are counted."""
    hits = iter(report.hits)
    lost: dict[str, State] = dict.fromkeys(report.failed, "failed")
    lost.update(dict.fromkeys(report.snoozed, "snoozed"))
    told: list[RuleTrace] = []
    for one, (when, state) in zip(traced, looked, strict=True):
        if lost and one.rule.id in lost:
            now = lost[one.rule.id]
            told.append(RuleTrace(*one.declared, now, when, "", one.group, one.points))
        elif state != "hit":
            told.append(RuleTrace(*one.declared, state, when, "", one.group, one.points))
        else:
            hit = next(hits)
            left = one.points * one.decay.share(facts.get(one.decay.fact)) if one.decay else None
            points = (one.points, left, hit.points)
            told.append(RuleTrace(*one.declared, state, when, report.text(hit), one.group, *points))
    return told


def _routed(traced: Sequence[Traced], facts: Facts) -> list[RuleTrace]:
    told: list[RuleTrace] = []
    for one, (when, state) in zip(traced, _look(traced, facts), strict=True):
        text = ""
        if state == "hit":
            try:
                text = one.rule.text(facts)
            except Exception:  # noqa: BLE001 - routing passes over what raises
                state = "failed"  # noqa: PLW2901 - as it does
        told.append(RuleTrace(*one.declared, state, when, text))
    return told
