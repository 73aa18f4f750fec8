"""The lead in every mixture of then and now: what each set of causes would have made of it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from features.vector import FeatureVector, vector
from features.windows import Value
from rules import Rulebook, RuleReport
from rules.language.conditions import leaves
from scoring import Scorer
from serving.why.changes import said
from serving.why.scene import Scene

TIME, EVENTS, PROFILE, RULES, MODEL = CAUSES = ("time", "events", "profile", "rules", "model")


class Law(NamedTuple):
    """What rules on one side: its rules with what is snoozed, its model."""

    rulebook: Rulebook
    snoozed: frozenset[str]
    scorer: Scorer | None


class Worlds:
    """Each question names the causes that have come; the others have not."""

    def __init__(self, before: Scene, after: Scene, laws: tuple[Law, Law]) -> None:
        self._before, self._after, self._laws = before, after, laws
        self._aged = vector(*before.whom, before.lead, before.account, after.as_of)

    def priority(self, came: frozenset[str]) -> float:
        return self.rulebook(came).priority(self.report(came), self.propensity(came))

    def rulebook(self, came: frozenset[str]) -> Rulebook:
        return self._laws[RULES in came].rulebook

    def report(self, came: frozenset[str]) -> RuleReport:
        snoozed = self._laws[RULES in came].snoozed
        return self.rulebook(came).evaluate([self.facts(came)], [snoozed])[0]

    def propensity(self, came: frozenset[str]) -> float | None:
        scorer = self._laws[MODEL in came].scorer
        if scorer is None:
            return None
        seen = msgspec.structs.replace(self._vector(came), values=self.facts(came))
        score = scorer.score([seen])[0]
        if scorer.weight < 1:
            alone = self.rulebook(came).priority(self.report(came), None)
            score = scorer.blended(score, alone)
        return score.propensity

    def facts(self, came: frozenset[str]) -> dict[str, Value]:
        """Words go with the profile, all other features with time and events."""
        seen = self._vector(came)
        scene = self._after if PROFILE in came else self._before
        words = {**said(scene.vector.values), **scene.beside}
        return {**seen.values, **words, "as_of": seen.as_of}

    def _vector(self, came: frozenset[str]) -> FeatureVector:
        if EVENTS in came:
            return self._after.vector
        return self._aged if TIME in came else self._before.vector

    def read(self, came: frozenset[str]) -> frozenset[str]:
        """The facts that the scored rules read."""
        rules = (one.rule.when for sheet in self.rulebook(came).sheets for one in sheet.rules)
        return frozenset(leaf.fact for when in rules for leaf in leaves(when))
