"""Values that a comparison holds for, and values that it does not: examples of a table's rows."""

from __future__ import annotations

from rules.language.cells import Asked
from rules.language.source import Node, Scalar

_OTHERS = ("another word", "something else", "none of them", "zzz", "qqq", "0")
_STEP = {"above": 1, "below": -1, "at_least": 0, "at_most": 0, "within_days": 0, "between": 0}
_BEYOND = {"above": 0, "below": 0, "at_least": -1, "at_most": 1, "within_days": 1, "between": -1}
UNTOLD = frozenset({"matches", "before", "after"})
"""Operators for which no value can be made up: their rows bring examples."""


def witness(asked: Asked, *, holds: bool) -> Scalar:
    """A value for which the cell holds, or does not; None is a missing fact, and what is made of
    a cell that is wrong. Lists are written out.
    """
    wanted = holds != asked.negated
    if asked.op == "is_missing":
        return None if wanted else _OTHERS[0]
    said = _plain(asked.value)
    if asked.op in _STEP:
        numbers = [one for one in said if isinstance(one, int | float)]
        return numbers[0] + (_STEP if wanted else _BEYOND)[asked.op] if numbers else None
    inside = wanted == (asked.op not in {"is_not", "not_in"})
    return next(iter(said), None) if inside else _outside(said)


def _plain(node: Node | None) -> list[Scalar]:
    nodes = [] if node is None else node.value if isinstance(node.value, list) else [node]
    return [one.value for one in nodes if not isinstance(one.value, list | dict)]


def _outside(said: list[Scalar]) -> Scalar:
    """None of these, and none of them inside; missing if that is hard to find."""
    numbers = [one for one in said if isinstance(one, int | float)]
    if numbers:
        return max(numbers) + 1
    parts = [str(one).casefold() for one in said]
    return next((one for one in _OTHERS if not any(part in one for part in parts)), None)
