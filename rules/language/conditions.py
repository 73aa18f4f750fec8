"""Conditions: all, any, not over {fact, op, value} and {segment}, a small tree.

The tree is data. It is read by `read_conditions`; what is made of it stands beside: a test for
one lead's facts (`rows`).

Logic has three values (Kleene): True, False, and None for missing. A comparison with a missing
fact is missing; `not` leaves it so; `all` is False if any part is, `any` is True if any part is,
and else a missing part makes the whole missing. A rule holds only when its condition is True.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Compare(NamedTuple):
    """`fact op value`; the value is as its operator's `read` gives it."""

    fact: str
    op: str
    value: Any


class Happened(NamedTuple):
    """An age against a date: `op` (before, after) tests the moment `as_of` − age.

    Missing when the age or `as_of` is.
    """

    fact: str
    op: str
    value: int
    """The beginning of the declared UTC day, in microseconds."""


class Missing(NamedTuple):
    """The fact is not known: the one test that looks at absence."""

    fact: str


class Not(NamedTuple):
    part: Condition


class AllOf(NamedTuple):
    parts: tuple[Condition, ...]


class AnyOf(NamedTuple):
    parts: tuple[Condition, ...]


class Segment(NamedTuple):
    """A named condition. It stays visible, so that a trace can name it."""

    name: str
    part: Condition


Leaf = Compare | Happened | Missing
Condition = Leaf | Not | AllOf | AnyOf | Segment


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The comparisons of a condition, those of its segments among them, from left to right."""
    match condition:
        case Not(part) | Segment(_, part):
            yield from leaves(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield condition
