"""Too many score calls at once: the bound finds what can be answered in time, by itself."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from serving.score.overload import BEGIN, FOR_BATCHES, INTERVAL_S, LEAST, MOST, Overload, Turned

TARGET_S = 0.1


class Told(NamedTuple):
    answered: int
    slowest_s: float
    bound: float


class Door:
    """One server that needs `service_s` a call, in the order of arrival; time is the test's."""

    def __init__(self, service_s: float) -> None:
        self.now = 0.0
        self.service_s = service_s
        self.overload = Overload(TARGET_S, lambda: self.now)
        self._free_at = 0.0
        self._ends: list[tuple[float, float, float]] = []

    def run(self, rate: float, seconds: float) -> Told:
        """Calls arrive at this rate, whatever becomes of them. How many were answered, how slow the
        slowest of the last quarter was, and the bound then.
        """
        begun, answered, slowest = self.now, 0, 0.0
        for arrival in _arrivals(begun, rate, seconds):
            for end, took in self._done_by(arrival):
                answered += 1
                if end > begun + 0.75 * seconds:
                    slowest = max(slowest, took)
            self.now = arrival
            units = self.overload.enter(1.0)
            if not isinstance(units, Turned):
                self._free_at = max(self._free_at, arrival) + self.service_s
                heapq.heappush(self._ends, (self._free_at, arrival, units))
        return Told(answered, slowest, self.overload.bound)

    def _done_by(self, moment: float) -> Iterator[tuple[float, float]]:
        while self._ends and self._ends[0][0] <= moment:
            end, arrival, units = heapq.heappop(self._ends)
            self.now = end
            self.overload.leave(units, end - arrival)
            yield end, end - arrival


def _arrivals(begun: float, rate: float, seconds: float) -> Iterator[float]:
    for at in range(int(rate * seconds)):
        yield begun + at / rate


@pytest.mark.parametrize("capacity", [400, 2_000, 5_000])
def test_five_times_too_much_is_answered_at_the_peak_and_in_time(capacity: int) -> None:
    """Whatever the machine can do, nobody told it."""
    door = Door(1 / capacity)
    door.run(5 * capacity, 10)
    told = door.run(5 * capacity, 10)
    assert told.answered >= 0.9 * capacity * 10
    assert told.slowest_s <= 2 * TARGET_S
    assert LEAST <= told.bound <= MOST


def test_what_it_can_take_is_never_turned_away() -> None:
    """Nor is a burst that is worked off before it stands."""
    door = Door(1 / 1_000)
    told = door.run(800, 5)
    assert told.answered >= 800 * 5 - 2
    burst = [door.overload.enter(1.0) for _ in range(int(BEGIN) - 2)]
    assert not any(isinstance(one, Turned) for one in burst)


def test_after_the_flood_all_are_answered_again_at_once() -> None:
    """And a slower machine, later a faster one, finds its own bound each time."""
    door = Door(1 / 2_000)
    door.run(10_000, 5)
    told = door.run(1_000, 5)
    assert told.answered >= 0.98 * 1_000 * 5
    door.service_s = 1 / 400
    door.run(2_000, 10)
    slow = door.run(2_000, 5)
    assert slow.slowest_s <= 2 * TARGET_S
    door.service_s = 1 / 4_000
    door.run(20_000, 5)
    quick = door.run(20_000, 5)
    assert quick.answered >= 0.9 * 4_000 * 5
    assert quick.bound > 2 * slow.bound


def test_a_batch_larger_than_the_bound_comes_in_as_well() -> None:
    """Or single calls would keep it out for ever; two of them fill the place of batches."""
    overload = Overload(TARGET_S, lambda: 0.0)
    half = BEGIN * FOR_BATCHES / 2
    assert overload.enter(10_000) == half
    assert overload.enter(10_000) == half
    assert overload.enter(2) is Turned.FULL
    overload.leave(half, 0.01)
    assert overload.enter(2) == 2


def test_batches_leave_room_for_single_leads() -> None:
    """Who sends batches as fast as they are answered must not have all others turned away."""
    overload = Overload(TARGET_S, lambda: 0.0)
    while not isinstance(overload.enter(10), Turned):
        continue
    singles = [overload.enter(1) for _ in range(int(BEGIN * (1 - FOR_BATCHES)))]
    assert set(singles) == {1}


def test_whoever_would_not_wait_so_long_is_told_at_once() -> None:
    """Judged by how long calls took just now; without a queue everybody is let in."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    assert overload.enter(1, 0.001) == 1
    assert overload.enter(1, 0.0) is Turned.LATE
    for _ in range(int(BEGIN) - 1):
        assert overload.enter(1) == 1
    now[0] += INTERVAL_S
    overload.leave(1, 0.05)
    assert overload.enter(1, 0.05) is Turned.LATE
    assert overload.enter(1, 0.06) == 1


def test_the_bound_falls_while_calls_are_stuck() -> None:
    """None of them ends, so it has to be those who come that look at the time."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    for _ in range(int(BEGIN)):
        assert overload.enter(1) == 1
    for _ in range(5):
        now[0] += 1.1 * INTERVAL_S
        assert overload.enter(1) is Turned.FULL
    assert overload.bound < BEGIN / 2
    assert overload.enter(1, 0.5) is Turned.LATE


def test_an_idle_time_tells_nothing_of_the_machine() -> None:
    """Nobody waited in it, so nothing was slow."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    for _ in range(10):
        now[0] += 60.0
        assert overload.enter(1, 0.05) == 1
        now[0] += 0.01
        overload.leave(1, 0.01)
    assert overload.bound == BEGIN
