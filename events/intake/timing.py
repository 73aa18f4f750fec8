"""When an event occurred and when it was known, from what its sender says and our clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.clock import from_iso
from core.errors import Problem
from events.types import Door, RawEvent

EARLIEST = from_iso("2000-01-01")
"""Nothing that we are told of happened before; earlier times are unset clocks."""


class Timing(NamedTuple):
    occurred_at: int
    known_at: int
    clamped: bool


def timing(raw: RawEvent, message: Mapping[str, Any], problems: list[Problem]) -> Timing:
    """Live: receivedAt − (sentAt − originalTimestamp), as Segment's documentation has it; known at
    receipt. History: its own timestamp is both, so it must have one. The future is cut to receipt.
    """
    if raw.door is Door.IMPORT:
        occurred = _read(message, "timestamp", problems)
        if "timestamp" not in message:
            problems.append(Problem("timestamp", "missing; history needs each event's own time"))
        occurred = raw.recorded_at if occurred is None else occurred
        clamped = occurred > raw.recorded_at
        occurred = min(occurred, raw.recorded_at)
        return Timing(occurred, occurred, clamped)
    original = _read(message, "originalTimestamp", problems)
    if original is None:
        original = _read(message, "timestamp", problems)
    sent = _read(message, "sentAt", problems)
    if original is None:
        occurred = raw.recorded_at
    elif sent is None:
        occurred = original
    else:
        occurred = raw.recorded_at - (sent - original)
    clamped = occurred > raw.recorded_at
    occurred = min(occurred, raw.recorded_at)
    if occurred < EARLIEST and not problems:
        problems.append(Problem("timestamp", "lies before the year 2000"))
    return Timing(occurred, raw.recorded_at, clamped)


def _read(message: Mapping[str, Any], name: str, problems: list[Problem]) -> int | None:
    value = message.get(name)
    if value is None:
        return None
    try:
        at = from_iso(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        at = None
    if at is None:
        problems.append(Problem(name, f"is no ISO 8601 time: {str(value)[:40]!r}"))
    elif at < EARLIEST:
        problems.append(Problem(name, f"lies before the year 2000: {str(value)[:40]!r}"))
    return at
