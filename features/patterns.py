"""Measures that one event adds to at once, each such set written as a single code.

A page view counts as a page view and as an engagement; written as a pattern both take one cell.
Patterns say nothing of what is counted: they are a way of writing sums, whatever these are, so one
that no event follows any more costs bytes and changes no value. They belong to the format of blobs
(`features.tiles`): their order is stored, so new ones go to the end.
"""

from __future__ import annotations

from features.measures import PEAKS

FIRST_CODE = 128
"""Codes below are measures' numbers."""

_OUTCOMES = range(5)
_TOUCHES = ((6, (18,)), (7, (18,)), (8, ()), (9, ()), (10, (18,)), (11, ()), (12, ()))
"""Touches of each kind; three of them are engagements (18) too."""

PATTERNS: tuple[tuple[int, ...], ...] = (
    (70, 4),
    (72, 71),
    *((40 + outcome, 30 + outcome, 21, 19) for outcome in _OUTCOMES),
    *((50 + outcome, 30 + outcome, 22, 19) for outcome in _OUTCOMES),
    *((23, 30 + outcome, 19) for outcome in _OUTCOMES),
    *((20, 30 + outcome, 19) for outcome in _OUTCOMES),
    *((activity, 19) for activity in (23, 22, 21, 20)),
    *((touch, 15, way, *own) for touch, own in _TOUCHES for way in (16, 17)),
    *((touch, 15, *own) for touch, own in _TOUCHES),
    *((own, 18) for own in (14, 13, 5)),
    *((page, 1, 18) for page in (3, 2)),
    (1, 18),
)
"""Each by its rarest measure first: what follows a longer pattern is taken by that one."""

MEMBERS: tuple[tuple[int, ...], ...] = (*((number,) for number in range(FIRST_CODE)), *PATTERNS)
"""Code → the measures that its amount is added to. A code without measures says nothing."""


def _by_first() -> dict[int, tuple[tuple[int, tuple[int, ...], bool], ...]]:
    found: dict[int, tuple[tuple[int, tuple[int, ...], bool], ...]] = {}
    for code, members in enumerate(PATTERNS, FIRST_CODE):
        peak = any(number in PEAKS for number in members)
        found[members[0]] = (*found.get(members[0], ()), (code, members[1:], peak))
    return found


BY_FIRST = _by_first()
"""Measure → its patterns: code, the other measures, and whether one of them is a peak: then all
amounts have to be equal, for of a peak nothing can be split off.
"""
