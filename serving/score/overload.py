"""How many score calls may be under way: as many as are answered in time, and no more.

The bound follows what is measured, so that nobody has to know what a machine can do. While even the
quickest call of an interval took longer than the target, calls queue up (as CoDel tells a standing
queue from a burst: Nichols and Jacobson 2012) and the bound falls by a seventh; while calls are
turned away and the quick ones are quick, it rises by a twentieth.

A batch takes long by its own work, which is no queue. So its seconds count by unit of its work, and
the bound falls only while half of it is in use: what was not in the way says nothing of it (as TCP
takes a window that was not filled: RFC 7661). One that fell comes back by itself once little is
under way.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from typing import NamedTuple

LEAST = 32.0
MOST = 2_000.0
BEGIN = 256.0
INTERVAL_S = 0.1
FOR_BATCHES = 3 / 4
"""Of the bound: however many batches come, the rest is left for single leads."""
_FALL, _RISE = 6 / 7, 1 + 1 / 20
_ALL_BACK = 100
"""Intervals after which no bound is below where it began."""


class Turned(enum.StrEnum):
    """Why a call is turned away before any work."""

    FULL = "full"
    """More are under way than are answered in time."""
    LATE = "late"
    """The caller would not wait as long as it takes now, or has waited long enough already."""
    SLOW = "slow"
    """Its body did not come in time."""
    PAST = "past"
    """It asks about the past, as too many do already."""


class Place(NamedTuple):
    """What a call that may begin holds: of the bound `units`, which are no more than its `work`."""

    units: float
    work: float
    began: float


class _Kind:
    """The calls for one lead each, or the batches; times are seconds a unit of work."""

    def __init__(self) -> None:
        self._calls = 0
        self._work = 0.0
        self._ended_at = 0.0
        self.quickest = float("inf")

    def begin(self, work: float, now: float) -> None:
        if not self._calls:
            self._ended_at = now  # nobody has been waiting
        self._calls += 1
        self._work += work

    def drop(self, place: Place) -> None:
        self._calls -= 1
        self._work -= place.work

    def end(self, place: Place, now: float) -> None:
        self.drop(place)
        self._ended_at = now
        self.quickest = min(self.quickest, (now - place.began) / place.work)

    def told(self, now: float) -> float | None:
        """Where no call has ended, it takes as long at least as none has; None where none is."""
        if self.quickest < float("inf"):
            return self.quickest
        return (now - self._ended_at) * self._calls / self._work if self._calls else None


class Overload:
    """Not thread-safe: it belongs to one event loop. A call has as many units of work as single
    leads would have: 1 at least.
    """

    def __init__(self, target_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._target_s = target_s
        self._clock = clock
        self.bound = BEGIN
        self.under_way = 0.0
        self._most = 0.0
        """That was under way at once in this interval."""
        self._singles, self._batches = _Kind(), _Kind()
        self._usual_s = 0.0
        self._turned = 0
        self._next = clock() + INTERVAL_S

    def enter(
        self, work: float, patience_s: float | None = None, before: Place | None = None
    ) -> Place | Turned:
        """The call's place, to be given back to `leave`: it may begin.

        One that has more work than half of what batches may take counts for that half: it may
        come in as well. `patience_s` is how long its caller waits; `before`, the smaller place of
        a call that turned out to have more work, is given back by this if it may go on.
        """
        held = before.units if before else 0.0
        units = max(held, min(work, self.bound * FOR_BATCHES / 2))
        turned = self.refuses(units - held, patience_s)
        if turned is not None:
            return turned
        now = self._clock()
        if before is not None:
            self._kind(before).drop(before)
        place = Place(units, work, before.began if before else now)
        self._kind(place).begin(work, now)
        self.under_way += units - held
        self._most = max(self._most, self.under_way)
        return place

    def refuses(self, units: float, patience_s: float | None = None) -> Turned | None:
        """Whether, and why, `enter` would turn so much away now."""
        self._look(self._clock())
        if patience_s is not None and patience_s <= self._expected_s():
            return Turned.LATE
        room = self.bound if units <= 1 else self.bound * FOR_BATCHES
        if self.under_way + units > room:
            self._turned += 1
            return Turned.FULL
        return None

    def leave(self, place: Place) -> None:
        now = self._clock()
        self._kind(place).end(place, now)
        self._look(now)
        self.under_way -= place.units

    def _kind(self, place: Place) -> _Kind:
        return self._singles if place.work <= 1 else self._batches

    def _expected_s(self) -> float:
        """What a call has to wait for at least, judging by the interval before; nothing if idle."""
        return self._usual_s if self.under_way >= self.bound / 2 else 0.0

    def _look(self, now: float) -> None:
        if now < self._next:
            return
        self._adjust(now)
        if self.under_way < self.bound / 2:  # and so it was while nobody came or went
            self._come_back(_RISE ** min((now - self._next) / INTERVAL_S, _ALL_BACK))
        self._most = self.under_way
        self._next = now + INTERVAL_S

    def _adjust(self, now: float) -> None:
        singles, batches = self._singles.told(now), self._batches.told(now)
        ended = min(self._singles.quickest, self._batches.quickest) < float("inf")
        slow = max(singles or 0.0, batches or 0.0) > self._target_s
        if slow and self._most >= self.bound / 2:
            self.bound = max(LEAST, self.bound * _FALL)
        elif self._turned and ended and not slow:
            self.bound = min(MOST, self.bound * _RISE)
        else:
            self._come_back(_RISE)
        self._usual_s = (batches or 0.0) if singles is None else singles
        self._singles.quickest = self._batches.quickest = float("inf")
        self._turned = 0

    def _come_back(self, times: float) -> None:
        if self.bound < BEGIN:
            self.bound = min(BEGIN, self.bound * times)
