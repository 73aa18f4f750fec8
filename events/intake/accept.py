"""accept: raw events → events. A bad one becomes a `FailedEvent` with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from core.errors import Problem
from core.settings import Identity
from events.intake.numbers import too_large
from events.intake.segment import kind_of, read_segment
from events.types import Event, FailedEvent, RawEvent

Adapter = Callable[[RawEvent, dict[str, Any], Identity], Event | list[Problem]]
"""Reads one source's message: an event, or everything that is wrong with it."""

ADAPTERS: dict[str, Adapter] = {"segment": read_segment}
"""One line a source. CloudEvents and pixels arrive in Segment's shape already."""

_decode = msgspec.json.Decoder().decode


def accept(raws: Sequence[RawEvent], identity: Identity) -> list[Event | FailedEvent]:
    """One result for each raw event, in order."""
    return [_accept_one(raw, identity) for raw in raws]


def _accept_one(raw: RawEvent, identity: Identity) -> Event | FailedEvent:
    try:
        message = _decode(raw.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        return _failed(raw, "malformed", [Problem("", f"is no JSON: {wrong}")])
    except RecursionError:
        return _failed(raw, "malformed", [Problem("", "is nested too deeply")])
    if not isinstance(message, dict):
        told = f"is {kind_of(message)} instead of an object"
        return _failed(raw, "malformed", [Problem("", told)])
    if "oversize" in message:
        return _failed(raw, "oversize", [Problem("", f"{message['oversize']}")])
    read = ADAPTERS[raw.source](raw, message, identity)
    if not isinstance(read, Event):
        return _failed(raw, "contract", read)
    problems = too_large(read)
    return _failed(raw, "contract", problems) if problems else read


def _failed(raw: RawEvent, reason: str, problems: list[Problem]) -> FailedEvent:
    return FailedEvent(raw=raw, reason=reason, problems=tuple(problems))
