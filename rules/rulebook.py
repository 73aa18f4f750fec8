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

_NONE: frozenset[str] = frozenset()


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

    def evaluate(
        self, batch: Sequence[Facts], snoozed: Sequence[frozenset[str]] | None = None
    ) -> list[RuleReport]:
        """One report for each lead's facts, in order. Never raises for odd or missing values.

        `snoozed` holds, for each lead, the ids of the rules to be passed over.
        """
        if snoozed is None:
            return [self._evaluate(facts, _NONE) for facts in batch]
        return [self._evaluate(*pair) for pair in zip(batch, snoozed, strict=True)]

    def _evaluate(self, facts: Facts, snoozed: frozenset[str]) -> RuleReport:
        hits: list[Hit] = []
        failed: list[str] = []
        fit = self.fit.add_up(facts, hits, failed, snoozed)
        intent = self.intent.add_up(facts, hits, failed, snoozed)
        negative = self.negative.add_up(facts, hits, failed, snoozed)
        first = len(hits)
        self.suppressions.add_up(facts, hits, failed, snoozed)
        by = tuple(hit.id for hit in hits[first:])
        before = len(hits)
        self.account.add_up(facts, hits, failed, snoozed)
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
            snoozed=self._passed_over(snoozed) if snoozed else (),
        )

    def _passed_over(self, snoozed: frozenset[str]) -> tuple[str, ...]:
        """In the order of the files; ids that no sheet has are no matter."""
        scored = (rule.id for sheet in self.sheets() for rule, *_ in sheet.rules)
        return tuple(name for name in scored if name in snoozed)

    def sheets(self) -> tuple[Sheet, ...]:
        """In the order in which they are evaluated."""
        return self.fit, self.intent, self.negative, self.suppressions, self.account

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
        scored = [rule for sheet in self.sheets() for rule, *_ in sheet.rules]
        return [*scored, *(rule for rule, _ in self.routing.rules)]
