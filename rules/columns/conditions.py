"""A condition → a column of booleans, NULL where missing facts leave it open.

SQL's own logic has the same three values as ours, so nothing has to be added for what is missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from core.clock import DAY
from rules.facts import AS_OF
from rules.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Happened,
    Missing,
    Not,
    Segment,
)
from rules.language.patterns import PATTERNS

if TYPE_CHECKING:
    import ibis.expr.types as ir

Columns = Mapping[str, Any]
"""Fact → its column: words as string, numbers and ages as float64, moments as int64."""

_T = TypeVar("_T")
_EXACT = 2**53


def compile_column(condition: Condition, columns: Columns) -> ir.BooleanValue:  # noqa: PLR0911 - one a form
    """The truth of `condition` in each row: true, false or NULL."""
    match condition:
        case Compare(fact, op, value):
            return COLUMN_OPERATORS[op](columns[fact], value)
        case Happened(fact, op, day):
            return _happened(columns[fact], columns[AS_OF], op, day)
        case Missing(fact):
            return columns[fact].isnull()
        case Segment(_, part):
            return compile_column(part, columns)
        case Not(part):
            return ~compile_column(part, columns)
        case AllOf(parts):
            return balanced(operator.and_, [compile_column(part, columns) for part in parts])
        case AnyOf(parts):
            return balanced(operator.or_, [compile_column(part, columns) for part in parts])


def balanced(join: Callable[[_T, _T], _T], parts: Sequence[_T]) -> _T:
    """All parts joined in a tree that is as flat as can be: a thousand in a row would be as deep,
    and writers of SQL walk down by recursion.
    """
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(balanced(join, parts[:middle]), balanced(join, parts[middle:]))


def number(value: float) -> Any:
    """A literal of exactly this number: engines read long decimals as they like, and cast words
    to the nearest number.
    """
    import ibis

    if value == int(value) and abs(value) < _EXACT:
        return ibis.literal(int(value))
    return ibis.literal(repr(float(value))).cast("float64")


def _happened(age: Any, as_of: Any, op: str, day: int) -> Any:
    """An age in days, tested as the moment it counts from, as `rows.happened` does."""
    moment = as_of.cast("float64") - age * number(DAY)
    return COLUMN_OPERATORS[op](moment, day)


def _found(op: str) -> Callable[[Any, Any], Any]:
    return lambda column, value: column.re_search(PATTERNS[op](value))


def _in(column: Any, value: frozenset[Any]) -> Any:
    said = sorted(value)
    return column.isin([one if isinstance(one, str) else number(one) for one in said])


def _one(value: float | str) -> Any:
    return value if isinstance(value, str) else number(value)


COLUMN_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "is": lambda column, value: column == _one(value),
    "is_not": lambda column, value: column != _one(value),
    "in": _in,
    "not_in": lambda column, value: ~_in(column, value),
    "at_least": lambda column, value: column >= number(value),
    "at_most": lambda column, value: column <= number(value),
    "above": lambda column, value: column > number(value),
    "below": lambda column, value: column < number(value),
    "between": lambda column, ends: column.between(number(ends[0]), number(ends[1])),
    "contains": _found("contains"),
    "starts_with": _found("starts_with"),
    "matches": _found("matches"),
    "domain": _found("domain"),
    "within_days": lambda column, value: column <= number(value),
    "before": lambda column, value: column < number(value),
    "after": lambda column, value: column >= number(value + DAY),
}
"""The column beside each operator of `language.operators`: the same tests, over a whole table."""
