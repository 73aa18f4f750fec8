"""A condition → the leads of a batch for which it holds, as an array of flags.

A batch is turned on its side: fact → its column. Numbers are compared as arrays. Of other columns
each distinct value is asked once, and then it is looked up who has one that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, Protocol, runtime_checkable

from rules.facts import Facts, Value
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
from rules.language.operators import OPERATORS, Operator
from rules.language.rows import compile_row

Flags = Any
"""A numpy array of truth values, one a lead."""


Coded = tuple[list[Value], Any]
"""The different values of a column (None: missing), and an array: which of them is each lead's."""


@runtime_checkable
class Sided(Protocol):
    """A batch that lies on its side already."""

    def column(self, fact: str) -> list[Value]:
        """In the order of the batch; None: missing."""

    def coded(self, fact: str) -> Coded:
        """The same by code."""

    def numbers(self, fact: str) -> Any:
        """The same as an array of floats, NaN: missing. None where some may be no numbers."""


class Turned:
    """A batch by columns. Made for one evaluation; what raises there is left to the rows."""

    def __init__(self, batch: Sequence[Facts]) -> None:
        self.batch = batch
        self._side = batch if isinstance(batch, Sided) else None
        self._columns: dict[str, Coded] = {}
        self._numbers: dict[str, Any] = {}

    def numbers(self, fact: str) -> Any:
        """As `Sided` tells them."""
        if self._side is None:
            return None
        if fact not in self._numbers:
            self._numbers[fact] = self._side.numbers(fact)
        return self._numbers[fact]

    def look_up(self, fact: str, holds: Callable[[Value], bool]) -> Flags:
        """Whose value holds. TypeError for a value that cannot be looked up, such as a list."""
        import numpy as np

        if fact not in self._columns:
            self._columns[fact] = self._coded(fact)
        distinct, codes = self._columns[fact]
        return np.array([holds(one) for one in distinct], np.bool_)[codes]

    def values(self, fact: str) -> list[Value]:
        """In the order of the batch; None: missing."""
        if self._side is not None:
            return self._side.column(fact)
        return [facts.get(fact) for facts in self.batch]

    def _coded(self, fact: str) -> Coded:
        if self._side is not None:
            return self._side.coded(fact)
        from features.column import coded_of

        return coded_of(self.values(fact))


Find = Callable[[Turned], Flags]


def compile_batch(condition: Condition, truth: bool = True) -> Find:  # noqa: PLR0911
    """Finds where `condition` is True; with `truth=False` where it is False. What is missing is
    neither, so a `not` asks its part for the other one, and no third value is ever stored.
    """
    match condition:
        case Compare(fact, op, value):
            return _compared(fact, OPERATORS[op], value, truth)
        case Happened():
            return _one_by_one(condition, truth)
        case Missing(fact):
            return _missing(fact, truth)
        case Segment(_, part):
            return compile_batch(part, truth)
        case Not(part):
            return compile_batch(part, not truth)
        case AllOf(parts):
            return _joined([compile_batch(part, truth) for part in parts], every=truth)
        case AnyOf(parts):
            return _joined([compile_batch(part, truth) for part in parts], every=not truth)


def _compared(fact: str, operator: Operator, said: Any, truth: bool) -> Find:
    holds = operator.make(said)
    array = operator.array(said) if operator.array is not None else None

    def find(turned: Turned) -> Flags:
        numbers = None if array is None else turned.numbers(fact)
        if array is None or numbers is None:
            return turned.look_up(fact, lambda one: one is not None and holds(one) is truth)
        # NaN equals nothing, not even itself.
        return (array(numbers) == truth) & (numbers == numbers)  # noqa: PLR0124

    return find


def _missing(fact: str, truth: bool) -> Find:
    def find(turned: Turned) -> Flags:
        numbers = turned.numbers(fact)
        if numbers is None:
            return turned.look_up(fact, lambda one: (one is None) is truth)
        return (numbers != numbers) == truth  # noqa: PLR0124 - as above

    return find


def _one_by_one(condition: Condition, truth: bool) -> Find:
    test = compile_row(condition)

    def find(turned: Turned) -> Flags:
        import numpy as np

        return np.array([test(facts) is truth for facts in turned.batch], np.bool_)

    return find


def _joined(finds: Sequence[Find], *, every: bool) -> Find:
    """Where every part is found, or any."""
    join = and_ if every else or_
    return lambda turned: reduce(join, [find(turned) for find in finds])
