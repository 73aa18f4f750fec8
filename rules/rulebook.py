"""The whole catalog, checked and compiled: what a release calls its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.declaration import Rule
from rules.facts import Facts
from rules.plan import Counted, Plan
from rules.points import HUNDREDTHS, points_of
from rules.priority import Priority
from rules.report import Hit, Route, RuleReport
from rules.routing import Routing
from rules.sheet import Sheet
from rules.trace import Traced, prepare, prepare_routes

_NONE: frozenset[str] = frozenset()
_VERDICTS = ("suppress", "account")
"""The purposes of the last two sheets: whatever hits there comes last."""


@dataclass(frozen=True)
class Rulebook:
    """Immutable and free of side effects: share it between threads."""

    fit: Sheet
    grades: tuple[tuple[float, str], ...]
    """Least points and grade, best first; the last one starts at 0."""
    intent: Sheet
    negative: Sheet
    suppressions: Sheet
    account: Sheet
    scale: Priority
    routing: Routing

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """In the order in which they are evaluated."""
        return self.fit, self.intent, self.negative, self.suppressions, self.account

    @cached_property
    def plan(self) -> Plan:
        """What `evaluate` does, made once."""
        return Plan(self.sheets)

    @cached_property
    def traced(self) -> tuple[list[Traced], list[Traced]]:
        """The rules of the sheets and of routing, made ready for `rules.trace`."""
        return prepare(self.sheets), prepare_routes(self.routing)

    def evaluate(
        self, batch: Sequence[Facts], snoozed: Sequence[frozenset[str]] | None = None
    ) -> list[RuleReport]:
        """One report for each lead's facts, in order. Never raises for odd or missing values.

        `snoozed` holds, for each lead, the ids of the rules to be passed over.
        """
        if snoozed is None:
            snoozed = [_NONE] * len(batch)
        return list(map(self.report, batch, self.plan.count_all(batch, snoozed), snoozed))

    def report(self, facts: Facts, counted: Counted, snoozed: frozenset[str]) -> RuleReport:
        """What follows from the hits of one lead."""
        hits, failed, (fit, intent, negative, *_) = counted
        last = hits[-1].group if hits else ""
        by = tuple([hit.id for hit in hits if hit.group == "suppress"]) if last in _VERDICTS else ()
        points = (fit + HUNDREDTHS // 2) // HUNDREDTHS
        return RuleReport(
            points,
            self.grade(points),
            points_of(intent),
            -points_of(negative),
            bool(by),
            by,
            last == "account",
            hits,
            failed,
            self._passed_over(snoozed) if snoozed else (),
            facts,
        )

    def _passed_over(self, snoozed: frozenset[str]) -> tuple[str, ...]:
        """In the order of the files; ids that no sheet has are no matter."""
        scored = (one.rule.id for sheet in self.sheets for one in sheet.rules)
        return tuple(name for name in scored if name in snoozed)

    def grade(self, fit_points: int) -> str:
        """A–D."""
        for least, grade in self.grades:
            if fit_points >= least:
                return grade
        raise AssertionError("the last grade starts at 0")

    def priority(self, report: RuleReport, propensity: float | None) -> float:
        """0–100; `propensity` None when there is no model. The formula is in `rules.priority`."""
        return self.scale.of(report, propensity)

    def hit_effect(self, hit: Hit, with_model: bool) -> float:
        """Priority points of one hit: negative where it takes away, 0 for account rules."""
        return self.scale.effect(hit, with_model)

    def hit_effects(self, hits: Sequence[Hit], with_model: bool) -> list[float]:
        """The same of several hits, in order."""
        return self.scale.effects(hits, self._weights[with_model])

    @cached_property
    def _weights(self) -> dict[bool, dict[str, float]]:
        """With a model, or without: group → priority points that a point is worth."""
        return {with_model: self.scale.weights_of(with_model) for with_model in (False, True)}

    def propensity_points(self, propensity: float) -> float:
        """Priority points that this propensity is worth."""
        return self.scale.propensity_points(propensity)

    def band(self, priority: float, before: str | None) -> str:
        """hot, warm or cold, with hysteresis against the band before."""
        return self.scale.band(priority, before)

    def route(self, facts: Facts) -> Route:
        """Who is told; `facts` are the lead's with band, priority, propensity and signal added."""
        return self.routing.route(facts)

    def cooldown_s(self, signal_type: str) -> int:
        """Seconds in which a second signal of this type is held back; 0 when none is declared."""
        return self.scale.cooldowns.get(signal_type, 0)

    def rules(self) -> list[Rule]:
        """All rules with a condition, in the order of the files."""
        scored = [one.rule for sheet in self.sheets for one in sheet.rules]
        return [*scored, *(rule for rule, _ in self.routing.rules)]
