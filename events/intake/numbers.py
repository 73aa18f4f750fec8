"""Whole numbers that no store can hold: JSON sets no bound to them, 64 bits do."""

from __future__ import annotations

from typing import Any

from core.errors import Problem
from events.types import Event

LEAST, MOST = -(2**63), 2**64 - 1
"""What the archive's MessagePack can write."""


def too_large(event: Event) -> list[Problem]:
    """Each number beyond 64 bits among what is kept of an event, by its path in the message."""
    problems: list[Problem] = []
    _look(event.properties, "properties.", problems)
    _look(event.traits, "traits.", problems)
    _look(event.company, "traits.", problems)
    return problems


def _look(held: dict[str, Any] | list[Any], path: str, problems: list[Problem]) -> None:
    for name, value in held.items() if isinstance(held, dict) else enumerate(held):
        kind = type(value)
        if kind is int:
            if not LEAST <= value <= MOST:
                problems.append(Problem(f"{path}{name}", "is a whole number beyond 64 bits"))
        elif kind is dict or kind is list:
            _look(value, f"{path}{name}.", problems)
