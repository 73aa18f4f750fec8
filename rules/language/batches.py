"""A condition → the leads of a batch for which it holds. Each distinct value is asked once.

A batch is turned on its side: fact → its column. Most facts have few values (most counts are 0), so
a comparison asks a handful of values, and then looks up who has one that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

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
from rules.language.operators import OPERATORS, Holds
from rules.language.rows import compile_row

Places = set[int]


class Column(NamedTuple):
    values: list[Value]
    """In the order of the batch; None: missing."""
    distinct: set[Value]


@runtime_checkable
class Sided(Protocol):
    """A batch that lies on its side already."""

    def column(self, fact: str) -> list[Value]:
        """In the order of the batch; None: missing."""


class Turned:
    """A batch by columns. Made for one evaluation; what raises there is left to the rows."""

    def __init__(self, batch: Sequence[Facts]) -> None:
        self.batch = batch
        self._side = batch if isinstance(batch, Sided) else None
        self._columns: dict[str, Column] = {}

    def column(self, fact: str) -> Column:
        """TypeError for a value that cannot be looked up, such as a list."""
        column = self._columns.get(fact)
        if column is None:
            if self._side is not None:
                values = self._side.column(fact)
            else:
                values = [facts.get(fact) for facts in self.batch]
            column = self._columns[fact] = Column(values, set(values))
        return column


Find = Callable[[Turned], Places]


def compile_batch(condition: Condition, truth: bool = True) -> Find:  # noqa: PLR0911
    """Finds where `condition` is True; with `truth=False` where it is False. What is missing is
    neither, so a `not` asks its part for the other one, and no third value is ever stored.
    """
    match condition:
        case Compare(fact, op, value):
            return _compared(fact, OPERATORS[op].make(value), truth)
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


def _compared(fact: str, holds: Holds, truth: bool) -> Find:
    def find(turned: Turned) -> Places:
        values, distinct = turned.column(fact)
        wanted = {one for one in distinct if one is not None and holds(one) is truth}
        return {place for place, one in enumerate(values) if one in wanted} if wanted else set()

    return find


def _missing(fact: str, truth: bool) -> Find:
    def find(turned: Turned) -> Places:
        values = turned.column(fact).values
        return {place for place, one in enumerate(values) if (one is None) is truth}

    return find


def _one_by_one(condition: Condition, truth: bool) -> Find:
    test = compile_row(condition)

    def find(turned: Turned) -> Places:
        return {place for place, facts in enumerate(turned.batch) if test(facts) is truth}

    return find


def _joined(finds: Sequence[Find], *, every: bool) -> Find:
    """Where every part is found, or any."""

    def find(turned: Turned) -> Places:
        found = [one(turned) for one in finds]
        return set.intersection(*found) if every else set.union(*found)

    return find
