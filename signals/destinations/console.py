"""The console: one line a signal."""

from __future__ import annotations

from typing import TextIO

from signals.destinations.attempt import Attempt, Message, Outcome
from signals.destinations.lines import company_name, person_told, printable, reasons_told


class Console:
    pace_s = 0.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Message, at: int) -> Attempt:  # noqa: ARG002 - the time is in the signal
        event = message.event()
        data = event["data"]
        parts = (
            f"{event['type']:<14}",
            person_told(data),
            company_name(data),
            f"→ {data['route']['owner']}",
            "; ".join(reasons_told(data)) or "no single reason",
        )
        try:
            self._stream.write(printable(" · ".join(parts)) + "\n")
            self._stream.flush()
        except (OSError, ValueError) as problem:  # ValueError: the stream is closed
            return Attempt(Outcome.FAILED, None, f"cannot print: {problem}")
        return Attempt(Outcome.DELIVERED)
