"""A dependency that failed is left alone for a moment, so that not every call waits for it."""

from __future__ import annotations

import threading
import time

import pytest

from serving.score.breaker import REST_S, SLOW_IN_A_ROW, Away, Breaker


class Store:
    """Answers after `takes` seconds of a clock in the test's hand, or raises `fault`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.takes = 0.0
        self.fault: Exception | None = None
        self.asked = 0
        self.probed = threading.Event()

    def ask(self) -> str:
        self.asked += 1
        self.now += self.takes
        if self.fault:
            raise self.fault
        return "told"

    def probe(self) -> None:
        try:
            self.ask()
        finally:
            self.probed.set()

    def breaker(self) -> Breaker:
        return Breaker(
            self.probe, (OSError,), answers=(FileNotFoundError,), slow_s=0.1, clock=lambda: self.now
        )

    def rest(self, breaker: Breaker) -> bool:
        """Its rest goes by, and the look that somebody's question starts; is it closed then?"""
        self.now += REST_S
        self.probed.clear()
        assert not breaker.closed
        assert self.probed.wait(30)
        deadline = time.monotonic() + 30
        while threading.active_count() > 1 and time.monotonic() < deadline:
            if not any(one.name == "breaker" for one in threading.enumerate()):
                break
            time.sleep(0.001)
        return breaker.closed


def test_a_failure_opens_it_and_nobody_waits_until_it_is_back() -> None:
    """Recovery needs nobody's hand, and no caller's time."""
    store = Store()
    breaker = store.breaker()
    store.fault = OSError("away")
    with pytest.raises(Away):
        breaker.call(store.ask)
    with pytest.raises(Away):
        breaker.call(store.ask)
    assert store.asked == 1
    assert not store.rest(breaker)
    store.fault = None
    with pytest.raises(Away):
        breaker.call(store.ask)
    assert store.rest(breaker)
    assert breaker.call(store.ask) == "told"


def test_slow_answers_open_it_as_well() -> None:
    """A store that answers after its budget holds up everybody, and fails nobody."""
    store = Store()
    breaker = store.breaker()
    store.takes = 0.2
    assert [breaker.call(store.ask) for _ in range(SLOW_IN_A_ROW)] == ["told"] * SLOW_IN_A_ROW
    with pytest.raises(Away):
        breaker.call(store.ask)
    assert not store.rest(breaker)
    store.takes = 0.0
    assert store.rest(breaker)


def test_a_slow_answer_now_and_then_opens_nothing() -> None:
    """Machines pause."""
    store = Store()
    breaker = store.breaker()
    for seconds in (0.2, 0.2, 0.0) * 5:
        store.takes = seconds
        assert breaker.call(store.ask) == "told"


def test_its_word_on_one_question_opens_nothing() -> None:
    """One key of the wrong type is no reason to do without all the others."""
    store = Store()
    breaker = store.breaker()
    store.fault = FileNotFoundError("wrong type")
    with pytest.raises(FileNotFoundError):
        breaker.call(store.ask)
    assert breaker.closed


def test_one_look_at_a_time_however_many_ask() -> None:
    """A store that comes back is not run over by those who waited."""
    store = Store()
    breaker = store.breaker()
    store.fault = OSError("away")
    with pytest.raises(Away):
        breaker.call(store.ask)
    hold = threading.Event()
    store.probe = hold.wait  # type: ignore[method-assign, assignment]
    breaker._probe = hold.wait
    store.now += REST_S
    assert not any(breaker.closed for _ in range(50))
    looking = [one for one in threading.enumerate() if one.name == "breaker"]
    hold.set()
    for one in looking:
        one.join()
    assert len(looking) == 1
    assert breaker.closed
