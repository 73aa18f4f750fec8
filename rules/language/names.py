"""What a condition may name: facts, lists and segments; and how large it grows by naming them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from rules.language.conditions import AllOf, AnyOf, Condition, Not, Segment
from rules.language.source import Node

MOST_PARTS = 1000
"""Comparisons of one condition, those of its segments among them: those can grow fast."""
MOST_DEPTH = 100
_NONE: Mapping[str, None] = MappingProxyType({})


class _Unread(Mapping[str, None]):
    """Has every name, and none is right."""

    def __getitem__(self, name: str) -> None:
        return None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


UNREAD = _Unread()
"""What could not be read at all, which has been told: it may declare any name that is used."""


class Words(NamedTuple):
    """A named list. Its items are of one kind: all words, or all numbers."""

    kind: str
    node: Node
    """The list as it was declared."""


class Size(NamedTuple):
    """How many comparisons, how deep, and which facts they read."""

    parts: int
    depth: int
    reads: frozenset[str]


class Named(NamedTuple):
    """A segment that was declared rightly."""

    segment: Segment
    size: Size


class Names(NamedTuple):
    facts: Mapping[str, str]
    """Name → kind."""
    lists: Mapping[str, Words | None] = _NONE
    """None for one whose declaration is wrong, which has been told where it stands."""
    segments: Mapping[str, Named | None] = _NONE


def size(condition: Condition, names: Names) -> Size:
    """Without walking through segments again: those were measured when they were declared."""
    match condition:
        case Segment(name, _):
            named = names.segments[name]
            inner = [named.size if named else Size(0, 0, frozenset())]
        case Not(part):
            inner = [size(part, names)]
        case AllOf(parts) | AnyOf(parts):
            inner = [size(part, names) for part in parts]
        case _:
            return Size(1, 1, frozenset({condition.fact}))
    return Size(
        sum(one.parts for one in inner),
        1 + max((one.depth for one in inner), default=0),
        frozenset().union(*(one.reads for one in inner)),
    )
