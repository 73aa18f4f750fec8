"""A condition → what it read: the same tree with each comparison's value and truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from rules.facts import Facts, Value
from rules.language.conditions import AllOf, AnyOf, Compare, Condition, Missing, Not
from rules.language.rows import Test, Truth, compile_row

Declared = str | float | tuple[str | float, ...]


class Look(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One comparison. `truth` is None where the fact is missing, or the comparison raised."""

    fact: str
    op: str
    value: Declared | None
    """What the rule declares; None for `is_missing`."""
    read: Value
    """What the lead has; None: missing."""
    truth: Truth
    error: str | None = None
    """Why the comparison raised: the value read is of the wrong kind."""


class Joined(msgspec.Struct, frozen=True):
    """`all`, `any` or `not` of its parts. Every part is looked at, also when one decides."""

    join: Literal["all", "any", "not"]
    parts: tuple[Step, ...]
    truth: Truth


Step = Look | Joined
Tracer = Callable[[Facts], Step]


def compile_steps(condition: Condition) -> Tracer:
    """The tracer of `condition`. It never raises."""
    match condition:
        case Compare(fact, op, value):
            return _look(fact, op, _declared(value), compile_row(condition))
        case Missing(fact):
            return _look(fact, "is_missing", None, compile_row(condition))
        case Not(part):
            return _negated(compile_steps(part))
        case AllOf(parts):
            return _joined("all", [compile_steps(part) for part in parts], decided_by=False)
        case AnyOf(parts):
            return _joined("any", [compile_steps(part) for part in parts], decided_by=True)


def _declared(value: object) -> Declared:
    if isinstance(value, frozenset):
        return tuple(sorted(value, key=lambda one: (isinstance(one, str), one)))
    if isinstance(value, tuple):
        return tuple(value)
    assert isinstance(value, str | int | float)  # noqa: S101 - operators read nothing else
    return value


def _look(fact: str, op: str, value: Declared | None, test: Test) -> Tracer:
    def trace(facts: Facts) -> Step:
        read = facts.get(fact)
        try:
            return Look(fact, op, value, read, test(facts))
        except Exception as error:  # noqa: BLE001 - told beside the value that caused it
            return Look(fact, op, value, read, None, f"{type(error).__name__}: {error}")

    return trace


def _negated(part: Tracer) -> Tracer:
    def trace(facts: Facts) -> Step:
        step = part(facts)
        return Joined("not", (step,), None if step.truth is None else not step.truth)

    return trace


def _joined(join: Literal["all", "any"], parts: Sequence[Tracer], *, decided_by: bool) -> Tracer:
    """Kleene's `all` is decided by one False, `any` by one True; else a missing part leaves it."""

    def trace(facts: Facts) -> Step:
        steps = tuple([part(facts) for part in parts])
        truths = [step.truth for step in steps]
        truth = decided_by if decided_by in truths else None if None in truths else not decided_by
        return Joined(join, steps, truth)

    return trace
