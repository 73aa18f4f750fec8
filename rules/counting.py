"""The hits of a whole batch and what they add under the caps: what `Plan.count` says of one lead.

Imported on use, as numpy is: to check rules needs neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.facts import Facts
from rules.language.batches import Turned
from rules.plan import Counted
from rules.points import decayed
from rules.report import Hit

if TYPE_CHECKING:
    from rules.plan import Plan

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class _Held(NamedTuple):
    """Rules × leads."""

    flags: Flags
    worth: Ints
    """Hundredths of points before any cap, 0 where a rule does not hold."""
    odd: set[int]
    """Leads for whom a rule raised: they are asked alone."""


def count_batch(
    plan: Plan, batch: Sequence[Facts], snoozed: Sequence[frozenset[str]]
) -> list[Counted]:
    """One of each lead, in order."""
    held = _held(plan, batch)
    given, sums = _given(plan, held.worth)
    hits = _hits(plan, held.flags, given)
    counted = list(map(Counted, hits, repeat(()), sums))
    for at in held.odd.union(at for at, passed in enumerate(snoozed) if passed):
        counted[at] = plan.count(batch[at], plan.walk(batch[at]), snoozed[at])
    return counted


def _held(plan: Plan, batch: Sequence[Facts]) -> _Held:
    turned, odd = Turned(batch), set[int]()
    flags = np.zeros((len(plan.steps), len(batch)), np.bool_)
    for step, held in zip(plan.steps, flags, strict=True):
        try:
            held[:] = step.find(turned)
        except Exception:  # noqa: BLE001 - some lead's value is odd: each is asked alone
            for at, facts in enumerate(batch):
                try:
                    held[at] = bool(step.test(facts))
                except Exception:  # noqa: BLE001 - as `Plan.walk`
                    odd.add(at)
    worth = flags * np.array([step.worth for step in plan.steps])[:, None]
    for place, step in enumerate(plan.steps):
        if step.decay is not None:
            ages = turned.values(step.decay.fact)
            for at in np.flatnonzero(flags[place]).tolist():
                try:
                    worth[place, at] = decayed(step.worth, step.decay, ages[at])
                except Exception:  # noqa: BLE001 - as `Plan.count`
                    odd.add(at)
    return _Held(flags, worth, odd)


def _given(plan: Plan, worth: Ints) -> tuple[Ints, list[list[int]]]:
    """What each rule adds to each lead, and each lead's sums of the sheets."""
    leads = worth.shape[1]
    caps, rooms = (np.repeat(np.array([most]), leads, axis=0).T for most in (plan.caps, plan.full))
    given = worth.copy()
    for step, added in zip(plan.steps, given, strict=True):
        if step.worth:
            np.minimum(added, caps[step.group], out=added)
            np.minimum(added, rooms[step.sheet], out=added)
            caps[step.group] -= added
            rooms[step.sheet] -= added
    sums: list[list[int]] = (np.array(plan.full) - rooms.T).tolist()
    return given, sums


def _hits(plan: Plan, held: Flags, given: Ints) -> list[tuple[Hit, ...]]:
    """Of each lead, in the order of the rules."""
    lead, place = np.nonzero(held.T)
    added = given[place, lead]
    whole = np.empty(len(plan.steps), object)
    whole[:] = [step.hit for step in plan.steps]
    hits: list[Hit] = whole[place].tolist()
    less = np.flatnonzero(added != np.array([step.worth for step in plan.steps], int)[place])
    made: dict[tuple[int, int], Hit] = {}
    told = zip(less.tolist(), place[less].tolist(), added[less].tolist(), strict=True)
    for at, rule, counted in told:
        one = made.get((rule, counted))
        if one is None:
            one = made[rule, counted] = plan.steps[rule].given(counted)
        hits[at] = one
    ends = np.cumsum(held.sum(axis=0)).tolist()
    return [tuple(hits[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
