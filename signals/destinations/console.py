"""The console: one line a signal."""

from __future__ import annotations

from typing import Any, TextIO

from signals.destinations.attempt import Attempt, Message, Outcome
from signals.destinations.lines import (
    about_model,
    company_name,
    person_told,
    printable,
    reasons_told,
)


class Console:
    pace_s = 0.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Message, at: int) -> Attempt:  # noqa: ARG002 - the time is in the signal
        event = message.event()
        data = event["data"]
        about, why = _told(data)
        parts = (f"{event['type']:<14}", *about, f"→ {data['route']['owner']}", why)
        try:
            self._stream.write(printable(" · ".join(parts)) + "\n")
            self._stream.flush()
        except (OSError, ValueError) as problem:  # ValueError: the stream is closed
            return Attempt(Outcome.FAILED, None, f"cannot print: {problem}")
        return Attempt(Outcome.DELIVERED)


def _told(data: dict[str, Any]) -> tuple[list[str], str]:
    """Whom or what it is about, and why it is told."""
    if (model := about_model(data)) is not None:
        return [model], str(data["text"])
    reasons = "; ".join(reasons_told(data)) or "no single reason"
    return [person_told(data), company_name(data)], reasons
