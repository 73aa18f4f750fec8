"""The operators of conditions: which facts they take, which value, and the test they make.

A test is only ever given a value that is there; what is missing is settled in `conditions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import re2

from rules.language.reading import Reader
from rules.language.source import Node

Holds = Callable[[Any], bool]

_BOTH = frozenset({"word", "number"})
_WORD = frozenset({"word"})
_NUMBER = frozenset({"number"})
_LARGEST = 1e15
_LONGEST_PATTERN = 500


class Operator(NamedTuple):
    """`read` takes the declared value as the fact's kind asks; `make` turns it into a test."""

    kinds: frozenset[str]
    read: Callable[[Reader, Node, str], Any]
    make: Callable[[Any], Holds]


def read_one(reader: Reader, node: Node, kind: str) -> str | float | None:
    """A value of the fact's kind."""
    if kind == "number":
        return reader.number(node, "the value of this fact", -_LARGEST, _LARGEST)
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


def _read_pattern(reader: Reader, node: Node, _kind: str) -> str | None:
    """RE2 never backtracks: a hostile pattern is refused or runs in linear time."""
    pattern = reader.word(node, "the value of `matches`")
    if pattern is None:
        return None
    if len(pattern) > _LONGEST_PATTERN:
        reader.problem(node.line, f"a pattern is at most {_LONGEST_PATTERN} characters long")
        return None
    try:
        _compiled(pattern)
    except re2.error as error:
        told = error.args[0] if error.args else error
        said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        reader.problem(node.line, f"`matches` cannot use this pattern: {said}")
        return None
    return pattern


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)


def _contains(part: str) -> Holds:
    folded = part.casefold()
    return lambda value: folded in value.casefold()


def _matches(pattern: str) -> Holds:
    compiled = _compiled(pattern)
    return lambda value: compiled.search(value) is not None


def _between(ends: tuple[float, float]) -> Holds:
    low, high = ends
    return lambda value: low <= value <= high


OPERATORS: dict[str, Operator] = {
    "is": Operator(_BOTH, read_one, lambda said: lambda value: bool(value == said)),
    "is_not": Operator(_BOTH, read_one, lambda said: lambda value: bool(value != said)),
    "in": Operator(_BOTH, _read_list, lambda said: lambda value: value in said),
    "not_in": Operator(_BOTH, _read_list, lambda said: lambda value: value not in said),
    "at_least": Operator(_NUMBER, read_one, lambda said: lambda value: bool(value >= said)),
    "at_most": Operator(_NUMBER, read_one, lambda said: lambda value: bool(value <= said)),
    "above": Operator(_NUMBER, read_one, lambda said: lambda value: bool(value > said)),
    "below": Operator(_NUMBER, read_one, lambda said: lambda value: bool(value < said)),
    "between": Operator(_NUMBER, _read_range, _between),
    "contains": Operator(_WORD, read_one, _contains),
    "matches": Operator(_WORD, _read_pattern, _matches),
}
"""`is`, `in` and their opposites compare exactly; `contains` and `matches` ignore case."""

IS_MISSING = "is_missing"
"""The one operator that looks at absence; it takes no value and any fact."""

NAMES = (*OPERATORS, IS_MISSING)

SIGNS = {
    "==": "is", "=": "is", "equals": "is", "!=": "is_not",
    ">=": "at_least", "=>": "at_least", "gte": "at_least",
    "<=": "at_most", "=<": "at_most", "lte": "at_most",
    ">": "above", "gt": "above", "greater_than": "above",
    "<": "below", "lt": "below", "less_than": "below",
    "regex": "matches",
}  # fmt: skip
"""What people write by habit, for a good “did you mean”."""
