"""What a destination is given, and what it answers."""

from __future__ import annotations

import enum
from typing import Any, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One signal to be sent: its id, and its CloudEvent as JSON, the same bytes each time."""

    id: str
    body: bytes

    def event(self) -> dict[str, Any]:
        """The CloudEvent, read."""
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


class Outcome(enum.Enum):
    DELIVERED = "delivered"
    FAILED = "failed"  # try again later
    SLOW_DOWN = "slow down"  # try again later, and send nothing else meanwhile
    REFUSED = "refused"  # this message never gets through
    GONE = "gone"  # no message ever will


class Attempt(msgspec.Struct, frozen=True):
    """How one try ended. `status` is HTTP's, None if there was no answer."""

    outcome: Outcome
    status: int | None = None
    error: str = ""
    retry_after_s: float | None = None
    """What the receiver asked for."""


class DestinationSender(Protocol):
    """Sends to one place. Called from one thread at a time."""

    pace_s: float
    """The least time between two messages."""

    def send(self, message: Message, at: int) -> Attempt:
        """Tries once, in bounded time. `at`: microseconds, UTC, the time of this attempt."""
        ...
