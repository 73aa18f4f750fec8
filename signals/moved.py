"""What tells otherwise under another catalog, or for other facts: rules, and settings."""

from __future__ import annotations

import msgspec

from rules import Rulebook, RuleReport

Judged = tuple[Rulebook, RuleReport]


class Moved(msgspec.Struct, frozen=True):
    """What a rule adds to the priority, in points, before and after."""

    id: str
    before: float
    after: float

    @property
    def by(self) -> float:
        return round(self.after - self.before, 2)


def moved(before: Judged, after: Judged, *, with_model: bool) -> list[Moved]:
    """The farthest apart first; what would be told as 0.00 is left out."""
    old, new = _effects(*before, with_model), _effects(*after, with_model)
    found = [
        Moved(name, round(old.get(name, 0.0), 2), round(new.get(name, 0.0), 2))
        for name in {**old, **new}
    ]
    return sorted((one for one in found if one.by), key=lambda one: (-abs(one.by), one.id))


def _effects(rulebook: Rulebook, report: RuleReport, with_model: bool) -> dict[str, float]:
    return {hit.id: rulebook.hit_effect(hit, with_model) for hit in report.hits}


def settings_moved(before: Rulebook, after: Rulebook) -> list[str]:
    """Parts of `priority.yaml` that differ: they move leads without any rule telling otherwise."""
    old, new = before.scale, after.scale
    parts = {
        "weights": old.weights != new.weights,
        "propensity": (old.chances, old.worths) != (new.chances, new.worths),
        "suppressed_at_most": old.suppressed_at_most != new.suppressed_at_most,
        "bands": (old.hot, old.warm) != (new.hot, new.warm),
    }
    return [name for name, differs in parts.items() if differs]
