"""Rules that one condition more would have made hit: what a seller would have to see for it."""

from __future__ import annotations

from rules.language.steps import Joined, Look, Named, Step
from rules.trace import RuleTrace


def is_near(rule: RuleTrace) -> bool:
    """It did not hit; of its several comparisons, one the other way would have done it.

    A rule of a single comparison is always one short, and that says nothing.
    """
    return (
        rule.state in {"miss", "missing"} and comparisons(rule.when) > 1 and lacking(rule.when) == 1
    )


def comparisons(step: Step) -> int:
    match step:
        case Look():
            return 1
        case Named(part=part):
            return comparisons(part)
        case Joined(parts=parts):
            return sum(comparisons(part) for part in parts)


def lacking(step: Step, *, wanted: bool = True) -> int:
    """The least number of comparisons that would have to come out otherwise for this truth.

    Comparisons count one by one, also those of one fact that exclude each other.
    """
    match step:
        case Look(truth=truth):
            return int(truth is not wanted)
        case Named(part=part):
            return lacking(part, wanted=wanted)
        case Joined(join="not", parts=(part,)):
            return lacking(part, wanted=not wanted)
        case Joined(join=join, parts=parts):
            each = [lacking(part, wanted=wanted) for part in parts]
            return sum(each) if (join == "all") == wanted else min(each)
