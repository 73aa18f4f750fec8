"""A rule's condition, its dates and the age that it decays by, as one condition.

So rows, batches and columns need to know nothing of dates and ages.
"""

from __future__ import annotations

from rules.declaration import Rule
from rules.facts import AS_OF
from rules.language.conditions import AllOf, AnyOf, Compare, Condition, Missing
from rules.sheet import Decay


def in_effect(rule: Rule, decay: Decay | None = None) -> Condition:
    """Without `as_of` dates are no matter; without the age the rule is missing, not false."""
    parts: list[Condition] = []
    if rule.from_at is not None:
        parts.append(AnyOf((Missing(AS_OF), Compare(AS_OF, "at_least", rule.from_at))))
    if rule.until_at is not None:
        parts.append(AnyOf((Missing(AS_OF), Compare(AS_OF, "below", rule.until_at))))
    parts.append(rule.when)
    if decay is not None:
        known = (Compare(decay.fact, "at_least", 0.0), Compare(decay.fact, "below", 0.0))
        parts.append(AnyOf(known))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))
