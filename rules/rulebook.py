"""The whole catalog, checked and compiled: what a release calls its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rules.declaration import Rule
from rules.facts import Facts
from rules.priority import Priority
from rules.report import Hit, Route, RuleReport
from rules.routing import Routing
from rules.sheet import Sheet


class Rulebook(NamedTuple):
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

    def evaluate(self, batch: Sequence[Facts]) -> list[RuleReport]:
        """One report for each lead's facts, in order. Never raises for odd or missing values."""
        return [self._evaluate(facts) for facts in batch]

    def _evaluate(self, facts: Facts) -> RuleReport:
        hits: list[Hit] = []
        failed: list[str] = []
        fit = self.fit.add_up(facts, hits, failed)
        intent = self.intent.add_up(facts, hits, failed)
        negative = self.negative.add_up(facts, hits, failed)
        first = len(hits)
        self.suppressions.add_up(facts, hits, failed)
        by = tuple(hit.id for hit in hits[first:])
        before = len(hits)
        self.account.add_up(facts, hits, failed)
        return RuleReport(
            fit_points=round(fit),
            grade=self.grade(round(fit)),
            intent_points=intent,
            negative_points=negative,
            suppressed=bool(by),
            by=by,
            mqa=len(hits) > before,
            hits=tuple(hits),
            failed=tuple(failed),
        )

    def grade(self, fit_points: int) -> str:
        """A–D."""
        return next(grade for least, grade in self.grades if fit_points >= least)

    def priority(self, report: RuleReport, propensity: float | None) -> float:
        """0–100; `propensity` None when there is no model. The formula is in `rules.priority`."""
        return self.scale.of(report, propensity)

    def hit_effect(self, hit: Hit, with_model: bool) -> float:
        """Priority points of one hit: negative where it takes away, 0 for account rules."""
        return self.scale.effect(hit, with_model)

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
        sheets = (self.fit, self.intent, self.negative, self.suppressions, self.account)
        scored = [rule for sheet in sheets for rule, _, _ in sheet.rules]
        return [*scored, *(rule for rule, _ in self.routing.rules)]
