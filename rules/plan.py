"""What a rulebook does for a lead: which rules hit, and what their hits add under the caps.

Made once of the sheets. One lead is tested rule by rule; a batch is turned on its side
(`language.batches`). Both find the same, and what follows is one and the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rules.facts import Facts
from rules.in_effect import in_effect
from rules.language.batches import Find, Turned, compile_batch
from rules.language.rows import Test, compile_row
from rules.language.wording import Fill
from rules.points import HUNDREDTHS, decayed, hundredths, points_of, sign_of
from rules.report import Hit, HitGroup
from rules.sheet import MOST, Decay, Scored, Sheet

FEW = 16
"""A batch of fewer leads costs more to turn than to walk through."""


class Step(NamedTuple):
    """A rule of the plan."""

    name: str
    purpose: HitGroup
    sheet: int
    """Place of its sheet in the plan …"""
    group: int
    """… and of its group among those of all sheets."""
    worth: int
    """Hundredths of points, without sign."""
    points: int | float
    """The same as it is told, with its sign."""
    text: Fill
    decay: Decay | None
    test: Test
    find: Find


class Found(NamedTuple):
    """Of one lead: places of the rules that hold, and of those that raised, in the plan's order."""

    hits: list[int]
    failed: list[int]


class Counted(NamedTuple):
    """Hits with their points, ids of the rules that raised, and each sheet's sum in hundredths,
    without sign.
    """

    hits: list[Hit]
    failed: tuple[str, ...]
    sums: list[int]


class Plan:
    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets
        self.steps: list[Step] = []
        self._caps: list[int] = []
        for place, sheet in enumerate(sheets):
            groups = {name: len(self._caps) + at for at, name in enumerate(sheet.caps)}
            self._caps.extend(hundredths(cap) for cap in sheet.caps.values())
            self.steps.extend(
                _step(one, place, sheet.purpose, groups[one.group]) for one in sheet.rules
            )
        self._tests = [step.test for step in self.steps]
        self._full = [MOST * HUNDREDTHS] * len(sheets)

    def find(self, batch: Sequence[Facts]) -> list[Found]:
        """What holds for each lead, in order. A rule that raises for one is named for that one."""
        if len(batch) < FEW:
            return [self._walk(facts) for facts in batch]
        turned = Turned(batch)
        hits: list[list[int]] = [[] for _ in batch]
        failed: list[list[int]] = [[] for _ in batch]
        for place, step in enumerate(self.steps):
            try:
                for lead in step.find(turned):
                    hits[lead].append(place)
            except Exception:  # noqa: BLE001 - some lead's value is odd: each is asked alone
                for lead, facts in enumerate(batch):
                    self.ask(place, facts, hits[lead], failed[lead])
        return list(map(Found, hits, failed))

    def _walk(self, facts: Facts) -> Found:
        hits: list[int] = []
        failed: list[int] = []
        for place, test in enumerate(self._tests):
            try:
                if test(facts):
                    hits.append(place)
            except Exception:  # noqa: BLE001 - it counts as missing, and is named
                failed.append(place)
        return Found(hits, failed)

    def ask(self, place: int, facts: Facts, hits: list[int], failed: list[int]) -> None:
        """One rule of one lead: appends its place where it belongs."""
        try:
            if self._tests[place](facts):
                hits.append(place)
        except Exception:  # noqa: BLE001 - as above
            failed.append(place)

    def count(self, facts: Facts, found: Found, snoozed: frozenset[str]) -> Counted:
        """Hits count in the order of the file, until their group's cap or the sheet's 100 is used
        up: so the points of the hits add up to the sums.
        """
        caps, rooms = self._caps.copy(), self._full.copy()
        hits: list[Hit] = []
        failed = [self.steps[place].name for place in found.failed]
        for place in found.hits:
            name, purpose, sheet, group, worth, points, text, decay, _, _ = self.steps[place]
            if snoozed and name in snoozed:
                continue
            if decay is not None:
                try:
                    worth = decayed(worth, decay, facts)
                except Exception:  # noqa: BLE001 - an age beyond all numbers counts as missing
                    failed.append(name)
                    continue
                points = points_of(worth) * sign_of(purpose)
            if worth > caps[group] or worth > rooms[sheet]:
                worth = min(caps[group], rooms[sheet])
                points = points_of(worth) * sign_of(purpose)
            if worth:
                caps[group] -= worth
                rooms[sheet] -= worth
            hits.append(Hit(name, purpose, text, points, facts))
        told = tuple([name for name in failed if name not in snoozed]) if failed else ()
        return Counted(hits, told, [MOST * HUNDREDTHS - room for room in rooms])


def _step(scored: Scored, sheet: int, purpose: HitGroup, group: int) -> Step:
    rule, decay = scored.rule, scored.decay
    condition = in_effect(rule, decay)
    worth = hundredths(scored.points)
    points = points_of(worth) * sign_of(purpose)
    return Step(
        rule.id, purpose, sheet, group, worth, points, rule.text, decay,
        compile_row(condition), compile_batch(condition),
    )  # fmt: skip
