"""The operators of conditions: which facts they take, which value, and the test they make.

A test is only ever given a value that is there; what is missing is settled in `conditions`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from core.clock import DAY
from rules.facts import AGE, MOMENT, NUMBER, WORD
from rules.language.patterns import PATTERNS, compiled, read_domains, read_part, read_pattern
from rules.language.reading import Reader
from rules.language.source import Node

Holds = Callable[[Any], bool]
Array = Callable[[Any], Any]
"""An array of numbers → an array of truth values. What it says of NaN is no matter."""

_WORD = frozenset({WORD})
_NUMBER = frozenset({NUMBER, AGE})
_BOTH = _WORD | _NUMBER
_AGE = frozenset({AGE})
_DATED = frozenset({AGE, MOMENT})
_LARGEST = 1e15
KEPT = 2_048
"""Words of which a pattern's answer is kept."""


class Operator(NamedTuple):
    """`read` takes the declared value as the fact's kind asks; `make` turns it into a test."""

    kinds: frozenset[str]
    read: Callable[[Reader, Node, str], Any]
    make: Callable[[Any], Holds]
    array: Callable[[Any], Array] | None = None
    """The same test of many numbers at once."""


def read_one(reader: Reader, node: Node, kind: str) -> str | float | None:
    """A value of the fact's kind."""
    if kind in _NUMBER:
        return reader.number(node, "the value of this fact", -_LARGEST, _LARGEST)
    if kind == MOMENT:
        return reader.moment(node, "the value of this fact")
    return reader.word(node, "the value of this fact")


def _read_list(reader: Reader, node: Node, kind: str) -> frozenset[str | float | None]:
    items = reader.items(node, "the value of this operator")
    return frozenset(read_one(reader, item, kind) for item in items)


def _read_range(reader: Reader, node: Node, _kind: str) -> tuple[float, float] | None:
    items = reader.items(node, "the value of `between`")
    ends = [reader.number(item, "an end of `between`", -_LARGEST, _LARGEST) for item in items]
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]:
        return ends[0], ends[1]
    if None not in ends:
        reader.problem(node.line, "`between` takes [lowest, highest], in this order")
    return None


def _read_days(reader: Reader, node: Node, _kind: str) -> float | None:
    return reader.number(node, "the value of `within_days`", 0, _LARGEST)


def _read_date(reader: Reader, node: Node, _kind: str) -> int | None:
    return reader.date(node, "the value of this operator")


def _between(ends: tuple[float, float]) -> Holds:
    low, high = ends
    return lambda value: low <= value <= high


def _found(operator: str) -> Callable[[Any], Holds]:
    """The test of an operator that is a pattern, found anywhere in the word."""
    pattern_of = PATTERNS[operator]

    def make(said: Any) -> Holds:
        pattern = compiled(pattern_of(said))
        # Words come again: titles, domains. Looking one up takes a tenth of looking through it.
        return lru_cache(KEPT)(lambda value: pattern.search(value) is not None)

    return make


OPERATORS: dict[str, Operator] = {
    "is": Operator(
        _BOTH, read_one, lambda said: lambda value: bool(value == said),
        lambda said: lambda numbers: numbers == said,
    ),
    "is_not": Operator(
        _BOTH, read_one, lambda said: lambda value: bool(value != said),
        lambda said: lambda numbers: numbers != said,
    ),
    "in": Operator(_BOTH, _read_list, lambda said: lambda value: value in said),
    "not_in": Operator(_BOTH, _read_list, lambda said: lambda value: value not in said),
    "at_least": Operator(
        _NUMBER, read_one, lambda said: lambda value: bool(value >= said),
        lambda said: lambda numbers: numbers >= said,
    ),
    "at_most": Operator(
        _NUMBER, read_one, lambda said: lambda value: bool(value <= said),
        lambda said: lambda numbers: numbers <= said,
    ),
    "above": Operator(
        _NUMBER, read_one, lambda said: lambda value: bool(value > said),
        lambda said: lambda numbers: numbers > said,
    ),
    "below": Operator(
        _NUMBER, read_one, lambda said: lambda value: bool(value < said),
        lambda said: lambda numbers: numbers < said,
    ),
    "between": Operator(
        _NUMBER, _read_range, _between,
        lambda ends: lambda numbers: (numbers >= ends[0]) & (numbers <= ends[1]),
    ),
    "contains": Operator(_WORD, read_part, _found("contains")),
    "starts_with": Operator(_WORD, read_part, _found("starts_with")),
    "matches": Operator(_WORD, read_pattern, _found("matches")),
    "domain": Operator(_WORD, read_domains, _found("domain")),
    "within_days": Operator(
        _AGE, _read_days, lambda said: lambda value: bool(value <= said),
        lambda said: lambda numbers: numbers <= said,
    ),
    "before": Operator(_DATED, _read_date, lambda said: lambda value: bool(value < said)),
    "after": Operator(_DATED, _read_date, lambda said: lambda value: bool(value >= said + DAY)),
}  # fmt: skip
"""`is`, `in` and their opposites compare exactly; what is in `PATTERNS` ignores case.

`before` and `after` are tests of a moment, and their value is the beginning of a UTC day: before it
began, after it ended. An age is made a moment first (`conditions.Happened`)."""

IS_MISSING = "is_missing"
"""The one operator that looks at absence; it takes no value and any fact."""

NAMES = (*OPERATORS, IS_MISSING)

LISTED = frozenset({"in", "not_in", "domain"})
"""The operators that take a named list."""

DATED = frozenset({"before", "after"})

SIGNS = {
    "==": "is", "=": "is", "equals": "is", "eq": "is", "!=": "is_not", "<>": "is_not",
    ">=": "at_least", "=>": "at_least", "gte": "at_least",
    "<=": "at_most", "=<": "at_most", "lte": "at_most",
    ">": "above", "gt": "above", "greater_than": "above", "more_than": "above",
    "<": "below", "lt": "below", "less_than": "below",
    "regex": "matches", "like": "contains", "includes": "contains", "begins_with": "starts_with",
    "one_of": "in", "none_of": "not_in", "email_domain": "domain", "ends_with": "domain",
    "since": "after", "until": "before", "within": "within_days", "last_days": "within_days",
    "exists": "is_missing", "missing": "is_missing", "is_null": "is_missing",
}  # fmt: skip
"""What people write by habit, for a good “did you mean”."""
