"""What rules can and cannot do, found without a lead: before anybody publishes them.

Problems are rules that no lead can hit; warnings are what an author may have meant, or not. Nothing
is told that is not so; not everything that is so is found (see `rules.language.ranges`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core.clock import DAY, to_iso
from core.errors import Problem
from rules.declaration import Rule
from rules.rulebook import Rulebook
from rules.sheet import MOST, Sheet


class Review(NamedTuple):
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def review(rulebook: Rulebook, at: int) -> Review:
    """`at`: now, in microseconds UTC."""
    scored = (rulebook.fit, rulebook.intent, rulebook.negative)
    warnings = [
        *(found for sheet in scored for found in _caps(sheet)),
        *(found for rule in rulebook.rules() for found in _over(rule, at)),
    ]
    return Review((), tuple(warnings))


def _caps(sheet: Sheet) -> Iterator[Problem]:
    """Caps that the points of their group do not reach, and groups that no rule is in."""
    file = f"{sheet.purpose}.yaml"
    for group, cap in sheet.caps.items():
        points = [abs(one.points) for one in sheet.rules if one.group == group]
        if not points:
            yield Problem(file, f"group `{group}` has no rule")
        elif sum(points) < abs(cap):
            yield Problem(
                file,
                f"group `{group}` can never reach its cap of {cap:g}:"
                f" its rules add up to {sum(points):g}",
            )
    if (
        sheet.rules
        and sum(abs(cap) for cap in sheet.caps.values()) < MOST
        and sheet.purpose == "fit"
    ):
        most = sum(abs(cap) for cap in sheet.caps.values())
        yield Problem(
            file, f"fit can never be more than {most:g} of {MOST}: its caps add up to that"
        )


def _over(rule: Rule, at: int) -> Iterator[Problem]:
    if rule.until_at is not None and rule.until_at <= at:
        until = to_iso(rule.until_at - DAY)[:10]
        yield Problem(
            f"{rule.file}:{int(rule.line)}", f"`{rule.id}` is over: its `until` was {until}"
        )
