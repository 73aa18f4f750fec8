"""A condition → what it read: the same tree with each comparison's value and truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from core.clock import to_iso
from rules.facts import AS_OF, Facts, Value
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
from rules.language.operators import IS_MISSING, OPERATORS, Holds
from rules.language.rows import Test, Truth, compile_row

Declared = str | float | tuple[str | float, ...]


class Look(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One comparison. `truth` is None where the fact is missing, or the comparison raised."""

    fact: str
    op: str
    value: Declared | None
    """What the rule declares, a day as `2026-05-01`; None for `is_missing`."""
    read: Value
    """What the lead has; None: missing. An age is in days, `as_of` in microseconds, UTC."""
    truth: Truth
    error: str | None = None
    """Why the comparison raised: the value read is of another kind."""


class Joined(msgspec.Struct, frozen=True, gc=False):
    """`all`, `any` or `not` of its parts. Every part is looked at, also when one decides."""

    join: Literal["all", "any", "not"]
    parts: tuple[Step, ...]
    truth: Truth


class Named(msgspec.Struct, frozen=True, gc=False):
    """A segment, and what it stands for."""

    segment: str
    part: Step
    truth: Truth


Step = Look | Joined | Named
Tracer = Callable[[Facts], Step]

_FEW = 16


def compile_steps(condition: Condition, *, tolerant: bool) -> Tracer:  # noqa: PLR0911 - one a form
    """The tracer of `condition`. `tolerant`: a comparison that raises is told as an error, and the
    others go on; else it raises.
    """
    match condition:
        case Segment(name, part):
            return _named(name, compile_steps(part, tolerant=tolerant))
        case Not(part):
            return _negated(compile_steps(part, tolerant=tolerant))
        case AllOf(parts):
            inner = [compile_steps(part, tolerant=tolerant) for part in parts]
            return _joined("all", inner, decided_by=False)
        case AnyOf(parts):
            inner = [compile_steps(part, tolerant=tolerant) for part in parts]
            return _joined("any", inner, decided_by=True)
        case Missing(fact):
            return _missing(fact)
        case Compare(fact, op, value):
            look = _look(fact, op, _declared(condition), OPERATORS[op].make(value))
            return _forgiven(condition, look) if tolerant else look
        case Happened(fact, op, _):
            look = _happened(fact, op, _declared(condition), compile_row(condition))
            return _forgiven(condition, look) if tolerant else look


def _declared(leaf: Compare | Happened) -> Declared:
    if isinstance(leaf, Happened) or leaf.fact == AS_OF:
        return to_iso(leaf.value)[:10]
    value: object = leaf.value
    if isinstance(value, frozenset | tuple):
        return tuple(sorted(value)) if isinstance(value, frozenset) else value
    assert isinstance(value, str | int | float)  # noqa: S101 - operators read nothing else
    return value


def _look(fact: str, op: str, value: Declared, holds: Holds) -> Tracer:
    """A look is immutable: for a missing fact, and for a small count, it is made once."""
    absent = Look(fact, op, value, None, None)
    counts: dict[int, Step] = {}

    def trace(facts: Facts) -> Step:
        read = facts.get(fact)
        if read is None:
            return absent
        if type(read) is not int:
            return Look(fact, op, value, read, holds(read))
        look = counts.get(read)
        if look is None:
            look = Look(fact, op, value, read, holds(read))
            if 0 <= read < _FEW:
                counts[read] = look
        return look

    return trace


def _happened(fact: str, op: str, value: Declared, test: Test) -> Tracer:
    """An age against a date looks at `as_of` as well."""
    return lambda facts: Look(fact, op, value, facts.get(fact), test(facts))


def _forgiven(leaf: Compare | Happened, look: Tracer) -> Tracer:
    value = _declared(leaf)

    def trace(facts: Facts) -> Step:
        try:
            return look(facts)
        except Exception as error:  # noqa: BLE001 - told beside the value that caused it
            told = f"{type(error).__name__}: {error}"
            return Look(leaf.fact, leaf.op, value, facts.get(leaf.fact), None, told)

    return trace


def _missing(fact: str) -> Tracer:
    def trace(facts: Facts) -> Step:
        read = facts.get(fact)
        return Look(fact, IS_MISSING, None, read, read is None)

    return trace


def _named(segment: str, part: Tracer) -> Tracer:
    def trace(facts: Facts) -> Step:
        step = part(facts)
        return Named(segment, step, step.truth)

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
