"""How many score calls may be under way: as many as are answered in time, and no more.

The bound follows what is measured, so that nobody has to know what a machine can do. While even the
quickest call of an interval took longer than the target, calls queue up (as CoDel tells a standing
queue from a burst: Nichols and Jacobson 2012) and the bound falls by a seventh; while calls are
turned away and the quick ones are quick, it rises by a twentieth.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

LEAST = 32.0
MOST = 2_000.0
BEGIN = 256.0
INTERVAL_S = 0.1
FOR_BATCHES = 3 / 4
"""Of the bound: however many batches come, the rest is left for single leads."""
_FALL, _RISE = 6 / 7, 1 / 20


class Turned(enum.StrEnum):
    """Why a call is turned away before any work."""

    FULL = "full"
    """More are under way than are answered in time."""
    LATE = "late"
    """The caller would not wait as long as it takes now, or has waited long enough already."""
    SLOW = "slow"
    """Its body did not come in time."""


class Overload:
    """Not thread-safe: it belongs to one event loop. A call counts as many units as it has work: 1
    for a single lead.
    """

    def __init__(self, target_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._target_s = target_s
        self._clock = clock
        self.bound = BEGIN
        self.under_way = 0.0
        self._quickest = float("inf")
        self._usual_s = 0.0
        self._turned = 0
        self._ended_at = clock()
        self._next = self._ended_at + INTERVAL_S

    def enter(self, units: float, patience_s: float | None = None) -> float | Turned:
        """What the call counts for, to be told to `leave`: it may begin.

        One that has more work than half of what batches may take counts for that half: it may
        come in as well.
        `patience_s` is how long its caller waits.
        """
        units = min(units, self.bound * FOR_BATCHES / 2)
        turned = self.refuses(units, patience_s)
        if turned is not None:
            return turned
        self.under_way += units
        return units

    def refuses(self, units: float, patience_s: float | None = None) -> Turned | None:
        """Whether, and why, `enter` would turn so much away now."""
        now = self._clock()
        if self.under_way < 1:
            self._ended_at = now  # nobody has been waiting
        if now >= self._next:
            self._adjust(now)
        if patience_s is not None and patience_s <= self._expected_s():
            return Turned.LATE
        room = self.bound if units <= 1 else self.bound * FOR_BATCHES
        if self.under_way + units > room:
            self._turned += 1
            return Turned.FULL
        return None

    def leave(self, units: float, seconds: float) -> None:
        """After `seconds` from its beginning."""
        self.under_way -= units
        self._quickest = min(self._quickest, seconds)
        self._ended_at = now = self._clock()
        if now >= self._next:
            self._adjust(now)

    def _expected_s(self) -> float:
        """What a call has to wait for at least, judging by the interval before; nothing if idle."""
        return self._usual_s if self.under_way >= self.bound / 2 else 0.0

    def _adjust(self, now: float) -> None:
        """Where no call has ended, it takes as long at least as none has."""
        ended = self._quickest < float("inf")
        quickest = self._quickest if ended else now - self._ended_at
        if quickest > self._target_s:
            self.bound = max(LEAST, self.bound * _FALL)
        elif self._turned and ended:
            self.bound = min(MOST, self.bound * (1 + _RISE))
        self._usual_s = quickest
        self._quickest = float("inf")
        self._turned = 0
        self._next = now + INTERVAL_S
