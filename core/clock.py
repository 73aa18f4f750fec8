"""Time is an integer: microseconds since 1970-01-01T00:00Z, always UTC, always passed in.

Three words (see docs/glossary.md): `occurred_at` when it happened, `known_at` when it reached us,
`recorded_at` what our log's clock said.
"""

from __future__ import annotations

import datetime as dt
import time
from functools import lru_cache
from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Clock(Protocol):
    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...


class SystemClock:
    def now(self) -> int:
        return time.time_ns() // 1000


class FixedClock:
    """A clock that stands still until it is moved: for tests and replays."""

    def __init__(self, now: int) -> None:
        self.at = now

    def now(self) -> int:
        return self.at

    def move(self, micros: int) -> None:
        self.at += micros


@lru_cache(1_024)  # the moments of a batch are few, and asked for by each of its answers
def to_iso(at: int) -> str:
    """1764000000123456 → `2025-11-24T16:00:00.123Z` (milliseconds, cut, not rounded)."""
    seconds, micros = divmod(at, SECOND)
    moment = _EPOCH + dt.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{micros // 1000:03d}Z"


def to_datetime(at: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=at)


def from_datetime(moment: dt.datetime) -> int:
    """A moment without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return (aware - _EPOCH) // dt.timedelta(microseconds=1)


def from_iso(text: str) -> int:
    """ISO 8601 date or date-time → microseconds. No zone means UTC. ValueError if it is neither."""
    return from_datetime(dt.datetime.fromisoformat(text))


def day_end(at: int) -> int:
    """The last microsecond of the UTC day that `at` falls in."""
    return at - at % DAY + DAY - 1
