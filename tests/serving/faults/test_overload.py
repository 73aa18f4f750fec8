"""Too many score calls at once: the bound finds what can be answered in time, by itself."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.score.overload import (
    BEGIN,
    FOR_BATCHES,
    INTERVAL_S,
    LEAST,
    MOST,
    Overload,
    Place,
    Turned,
)

TARGET_S = 0.1
BACK_S = 5.0
"""By then a bound is back that had fallen, whatever happened."""


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
        self._ends: list[tuple[float, float, Place]] = []

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
            place = self.overload.enter(1.0)
            if isinstance(place, Place):
                self._free_at = max(self._free_at, arrival) + self.service_s
                heapq.heappush(self._ends, (self._free_at, arrival, place))
        return Told(answered, slowest, self.overload.bound)

    def _done_by(self, moment: float) -> Iterator[tuple[float, float]]:
        while self._ends and self._ends[0][0] <= moment:
            end, arrival, place = heapq.heappop(self._ends)
            self.now = end
            self.overload.leave(place)
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
    one, other = overload.enter(10_000), overload.enter(10_000)
    assert isinstance(one, Place)
    assert isinstance(other, Place)
    assert one.units == other.units == half
    assert overload.enter(2) is Turned.FULL
    overload.leave(one)
    assert taken(overload, 2) == 2


def test_batches_leave_room_for_single_leads() -> None:
    """Who sends batches as fast as they are answered must not have all others turned away."""
    overload = Overload(TARGET_S, lambda: 0.0)
    while not isinstance(overload.enter(10), Turned):
        continue
    singles = [taken(overload, 1) for _ in range(int(BEGIN * (1 - FOR_BATCHES)))]
    assert set(singles) == {1}


def test_whoever_would_not_wait_so_long_is_told_at_once() -> None:
    """Judged by how long calls took just now; without a queue everybody is let in."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    assert taken(overload, 1, 0.001) == 1
    assert overload.enter(1, 0.0) is Turned.LATE
    _fill(overload, 200)
    now[0] += 0.05
    last = overload.enter(1)
    assert isinstance(last, Place)
    now[0] += 0.05
    overload.leave(last)
    assert overload.enter(1, 0.05) is Turned.LATE
    assert taken(overload, 1, 0.06) == 1


def test_the_bound_falls_while_calls_are_stuck() -> None:
    """None of them ends, so it has to be those who come that look at the time."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    _fill(overload, int(BEGIN))
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
        _call(overload, now, 1, 0.01)
    assert overload.bound == BEGIN


@given(st.lists(st.tuples(st.integers(1, 51), st.floats(0, 20), st.floats(0, 1)), max_size=40))
def test_who_calls_one_after_the_other_costs_nobody_a_place(
    calls: list[tuple[int, float, float]],
) -> None:
    """Batches however large, and however long each takes: nobody waited for anybody."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    for work, seconds, pause in calls:
        _call(overload, now, work, seconds)
        now[0] += pause
    assert overload.bound == BEGIN
    assert overload.enter(1, 0.001) != Turned.LATE
    _fill(overload, int(BEGIN) - 1)


@given(st.floats(LEAST, BEGIN), st.integers(1, 51), st.floats(0.01, 10))
def test_neither_do_they_hold_up_its_coming_back(bound: float, work: int, seconds: float) -> None:
    """Who sends batches all day would have it stay where one bad moment left it."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    overload.bound = bound
    while now[0] < BACK_S:
        _call(overload, now, work, seconds)
    assert overload.bound == BEGIN


@given(st.floats(BACK_S, 1e6))
def test_after_a_few_seconds_without_work_the_bound_is_where_it_began(idle_s: float) -> None:
    """Without a call, and without one having been refused."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    places = _fill(overload, int(BEGIN))
    for _ in range(40):
        now[0] += 1.1 * INTERVAL_S
        overload.enter(1)
    assert overload.bound == LEAST
    for place in places:
        overload.leave(place)
    now[0] += idle_s
    _fill(overload, int(BEGIN))


def test_batches_that_take_a_second_each_are_no_queue() -> None:
    """Three at once fill more than half of the bound, and each waits for the others' threads."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    for _ in range(20):
        places = [overload.enter(51) for _ in range(3)]
        for _ in range(10):
            now[0] += INTERVAL_S
            assert overload.refuses(1) is None
        for place in places:
            assert isinstance(place, Place)
            overload.leave(place)
    assert overload.bound == BEGIN


@pytest.mark.parametrize("seconds", [6.0, 60.0])
def test_batches_that_wait_for_one_another_are_one(seconds: float) -> None:
    """Whoever sends a fourth learns at once that it would take long, and the more so the longer
    nothing ends.
    """
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    places = [overload.enter(51) for _ in range(3)]
    now[0] += seconds
    assert isinstance(overload.enter(51), Turned)
    assert overload.bound < BEGIN
    for place in places:
        assert isinstance(place, Place)
        overload.leave(place)


@pytest.mark.parametrize(("slow", "quick"), [(1, 20), (20, 1)])
def test_neither_kind_hides_that_the_other_waits(slow: int, quick: int) -> None:
    """Quick batches beside single leads that queue up, and quick single leads beside batches."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    for _ in range(140 // slow):
        assert taken(overload, slow) == slow
    while overload.bound == BEGIN and now[0] < 1.2 * TARGET_S * slow:
        _call(overload, now, quick, 0.01)
    assert overload.bound < BEGIN


def test_a_call_that_has_more_work_than_it_said_keeps_its_beginning() -> None:
    """An account's people are counted first; refused, it still has its place to give back."""
    now = [0.0]
    overload = Overload(TARGET_S, lambda: now[0])
    small = overload.enter(1)
    assert isinstance(small, Place)
    now[0] = 3.0
    large = overload.enter(6, before=small)
    assert large == Place(6, 6, 0.0)
    assert overload.under_way == 6
    others = _fill(overload, int(BEGIN) - 6)
    assert overload.enter(51, before=large) is Turned.FULL
    for one in (large, *others):
        overload.leave(one)
    assert overload.under_way == 0


def taken(overload: Overload, work: float, patience_s: float | None = None) -> float | None:
    """What the call counts for; None if it is turned away."""
    place = overload.enter(work, patience_s)
    return place.units if isinstance(place, Place) else None


def _fill(overload: Overload, count: int) -> list[Place]:
    """So many single leads, none of which is turned away."""
    places = [overload.enter(1) for _ in range(count)]
    kept = [one for one in places if isinstance(one, Place)]
    assert len(kept) == count
    return kept


def _call(overload: Overload, now: list[float], work: float, seconds: float) -> None:
    """One call from its beginning to its end."""
    place = overload.enter(work)
    assert isinstance(place, Place)
    now[0] += seconds
    overload.leave(place)
