"""What a rulebook does for a lead: which rules hit, and what their hits add under the caps.

Made once of the sheets. One lead is tested rule by rule; a batch is turned on its side and counted
by column (`rules.counting`): what holds and what it adds is the same, which a test holds to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rules.facts import Facts
from rules.in_effect import in_effect
from rules.language.batches import Find, compile_batch
from rules.language.rows import Test, compile_row
from rules.points import HUNDREDTHS, decayed, hundredths, points_of, sign_of
from rules.report import Hit, HitGroup
from rules.sheet import MOST, Decay, Scored, Sheet

FEW = 16
"""A batch of fewer leads costs more to turn than to walk through."""


class Step(NamedTuple):
    """A rule of the plan."""

    sheet: int
    """Place of its sheet in the plan …"""
    group: int
    """… and of its group among those of all sheets."""
    worth: int
    """Hundredths of points, without sign."""
    hit: Hit
    """Where it adds as much as it is worth."""
    decay: Decay | None
    test: Test
    find: Find

    def given(self, counted: int) -> Hit:
        """The hit where it adds so many hundredths."""
        points = points_of(counted) * sign_of(self.hit.group)
        return Hit(self.hit.id, self.hit.group, self.hit.said, points)


class Found(NamedTuple):
    """Of one lead: places of the rules that hold, and of those that raised, in the plan's order."""

    hits: list[int]
    failed: list[int]


class Counted(NamedTuple):
    """Hits with their points, ids of the rules that raised, and each sheet's sum in hundredths,
    without sign.
    """

    hits: tuple[Hit, ...]
    failed: tuple[str, ...]
    sums: list[int]


class Plan:
    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets
        self.steps: list[Step] = []
        caps: list[int] = []
        for place, sheet in enumerate(sheets):
            groups = {name: len(caps) + at for at, name in enumerate(sheet.caps)}
            caps.extend(hundredths(cap) for cap in sheet.caps.values())
            self.steps.extend(
                _step(one, place, sheet.purpose, groups[one.group]) for one in sheet.rules
            )
        self._tests = [step.test for step in self.steps]
        self.caps = tuple(caps)
        """Of all groups, in hundredths."""
        self.full = (MOST * HUNDREDTHS,) * len(sheets)
        """The same of the sheets."""

    def count_all(self, batch: Sequence[Facts], snoozed: Sequence[frozenset[str]]) -> list[Counted]:
        """What `count` says of each lead, in order, of the rules that hold for it."""
        if len(batch) < FEW:
            told = zip(batch, snoozed, strict=True)
            return [self.count(facts, self.walk(facts), passed) for facts, passed in told]
        from rules.counting import count_batch

        return count_batch(self, batch, snoozed)

    def walk(self, facts: Facts) -> Found:
        """Rule by rule. One that raises counts as missing, and is named."""
        hits: list[int] = []
        failed: list[int] = []
        for place, test in enumerate(self._tests):
            try:
                if test(facts):
                    hits.append(place)
            except Exception:  # noqa: BLE001 - whatever it was
                failed.append(place)
        return Found(hits, failed)

    def count(self, facts: Facts, found: Found, snoozed: frozenset[str]) -> Counted:
        """Hits count in the order of the file, until their group's cap or the sheet's 100 is used
        up: so the points of the hits add up to the sums.
        """
        caps, rooms = list(self.caps), list(self.full)
        hits: list[Hit] = []
        failed = [self.steps[place].hit.id for place in found.failed]
        for place in found.hits:
            step = self.steps[place]
            sheet, group, worth, hit, decay, _, _ = step
            if snoozed and hit.id in snoozed:
                continue
            given = worth
            if decay is not None:
                try:
                    given = decayed(worth, decay, facts.get(decay.fact))
                except Exception:  # noqa: BLE001 - an age beyond all numbers counts as missing
                    failed.append(hit.id)
                    continue
            if given > caps[group] or given > rooms[sheet]:
                given = min(caps[group], rooms[sheet])
            if given:
                caps[group] -= given
                rooms[sheet] -= given
            hits.append(hit if given == worth else step.given(given))
        told = tuple([name for name in failed if name not in snoozed]) if failed else ()
        return Counted(tuple(hits), told, [MOST * HUNDREDTHS - room for room in rooms])


def _step(scored: Scored, sheet: int, purpose: HitGroup, group: int) -> Step:
    rule, decay = scored.rule, scored.decay
    condition = in_effect(rule, decay)
    worth = hundredths(scored.points)
    hit = Hit(rule.id, purpose, rule.text, points_of(worth) * sign_of(purpose))
    return Step(sheet, group, worth, hit, decay, compile_row(condition), compile_batch(condition))
