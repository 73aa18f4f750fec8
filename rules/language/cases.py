"""Can this condition ever be true? Found by cases, without a lead.

A condition comes out true (or does not) in one of a number of cases, each a conjunction of
comparisons with the truth that each has to have. A case is possible if each fact has a value, or is
missing, in a way that suits all its comparisons. Numbers are tried at every border that the
comparisons name and between them, words at every word they name: with the operators' own tests.

Sound: what is called impossible is so, for every lead. Not complete: words that only patterns
speak of, ages against dates, and conditions of very many cases count as possible.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from core.clock import DAY
from rules.facts import AS_OF
from rules.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Happened,
    Leaf,
    Missing,
    Not,
    Segment,
)
from rules.language.operators import OPERATORS
from rules.language.patterns import PATTERNS

MOST_CASES = 256


class Want(enum.Enum):
    """How a condition has to come out."""

    TRUE = enum.auto()
    FALSE = enum.auto()
    NOT_TRUE = enum.auto()  # false or missing
    NOT_FALSE = enum.auto()  # true or missing


class Literal(NamedTuple):
    leaf: Leaf
    want: Want


Case = frozenset[Literal]

_NEGATED = {
    Want.TRUE: Want.FALSE,
    Want.FALSE: Want.TRUE,
    Want.NOT_TRUE: Want.NOT_FALSE,
    Want.NOT_FALSE: Want.NOT_TRUE,
}
_OPPOSED = {Want.TRUE: (Want.FALSE, Want.NOT_TRUE), Want.FALSE: (Want.NOT_FALSE,)}
_OF_ALL = {AllOf: {Want.TRUE, Want.NOT_FALSE}, AnyOf: {Want.FALSE, Want.NOT_TRUE}}
"""Where all parts have to come out so for the whole to; else one of them is enough."""
_HOLDING = {Want.TRUE, Want.NOT_FALSE}
_KNOWN = {Want.TRUE, Want.FALSE}


class TooManyError(Exception):
    """More cases than anybody wants to look at."""


def cases(condition: Condition, want: Want) -> list[Case]:
    """The cases in which `condition` comes out as wanted. TooManyError above `MOST_CASES`."""
    match condition:
        case Not(part):
            return cases(part, _NEGATED[want])
        case Segment(_, part):
            return cases(part, want)
        case AllOf(parts) | AnyOf(parts):
            found = [cases(part, want) for part in parts]
            return both(found) if want in _OF_ALL[type(condition)] else _either(found)
        case _:
            return [frozenset({Literal(condition, want)})]


def both(parts: Iterable[Sequence[Case]]) -> list[Case]:
    """The cases in which one case of every part holds. TooManyError above `MOST_CASES`."""
    found: list[Case] = [frozenset()]
    for part in parts:
        if len(found) * len(part) > MOST_CASES:
            raise TooManyError
        found = list({one | other for one in found for other in part})
    return found


def _either(parts: Iterable[Sequence[Case]]) -> list[Case]:
    found = list({case for part in parts for case in part})
    if len(found) > MOST_CASES:
        raise TooManyError
    return found


def possible(found: Iterable[Case]) -> list[Case]:
    """Those in which every fact can be as it is wanted."""
    return [case for case in found if not impossible_facts(case)]


def fit_together(one: Case, other: Case) -> bool:
    """Whether both can be at once, given that `one` can: only what `other` asks is looked at."""
    facts = {literal.leaf.fact for literal in other}
    facts |= {AS_OF for literal in other if isinstance(literal.leaf, Happened)}
    wanted = _by_fact(one | other)
    return all(_can_be(wanted[fact]) for fact in facts if fact in wanted)


def impossible_facts(case: Case) -> list[str]:
    """The facts that cannot be as this case wants them, in alphabetical order."""
    return sorted(fact for fact, wanted in _by_fact(case).items() if not _can_be(wanted))


def facts_of(case: Case) -> frozenset[str]:
    """The facts that it asks of; an age against a date needs `as_of` as well."""
    return frozenset(_by_fact(case))


def _by_fact(case: Case) -> dict[str, list[Literal]]:
    wanted: dict[str, list[Literal]] = {}
    for literal in case:
        wanted.setdefault(literal.leaf.fact, []).append(literal)
        if isinstance(literal.leaf, Happened) and literal.want in _KNOWN:
            wanted.setdefault(AS_OF, []).append(Literal(Missing(AS_OF), Want.FALSE))
    return wanted


def _can_be(literals: Sequence[Literal]) -> bool:
    """Whether one fact, missing or with some value, suits all these."""
    if any((one.leaf, want) in literals for one in literals for want in _OPPOSED.get(one.want, ())):
        return False
    if all(_suits_missing(literal) for literal in literals):
        return True
    if any(isinstance(one.leaf, Missing) and one.want in _HOLDING for one in literals):
        return False
    asked = [(one.leaf, one.want in _HOLDING) for one in literals if isinstance(one.leaf, Compare)]
    return _some_value(asked)


def _suits_missing(literal: Literal) -> bool:
    if isinstance(literal.leaf, Missing):
        return literal.want in _HOLDING
    return literal.want not in _KNOWN


def _some_value(asked: Sequence[tuple[Compare, bool]]) -> bool:
    """Whether some value that is there makes each comparison come out as it should."""
    if not asked:
        return True
    named = [one for leaf, _ in asked for one in _named(leaf)]
    if any(isinstance(one, str) for one in named) or _patterned(asked):
        if not any(_pins(leaf, holds) for leaf, holds in asked):
            return True  # there is always another word
        tried: Iterable[Any] = {one for one in named if isinstance(one, str)}
    else:
        tried = _between(sorted(set(named)))
    tests = [(OPERATORS[leaf.op].make(leaf.value), holds) for leaf, holds in asked]
    return any(all(test(value) is holds for test, holds in tests) for value in tried)


def _patterned(asked: Sequence[tuple[Compare, bool]]) -> bool:
    return any(leaf.op in PATTERNS for leaf, _ in asked)


def _pins(leaf: Compare, holds: bool) -> bool:
    """Whether only the words that it names are left."""
    return leaf.op in ({"is", "in"} if holds else {"is_not", "not_in"})


def _named(leaf: Compare) -> list[Any]:
    """The values at which the truth of a comparison may change."""
    if leaf.op in PATTERNS:
        return []
    if leaf.op in {"before", "after"}:
        return [leaf.value, leaf.value + DAY]
    if isinstance(leaf.value, frozenset | tuple):
        return list(leaf.value)
    return [leaf.value]


def _between(borders: Sequence[float]) -> list[float]:
    """Every border, what lies between two of them, and what lies beyond."""
    inner = [(low + high) / 2 for low, high in pairwise(borders)]
    return [borders[0] - 1, *borders, *inner, borders[-1] + 1]
