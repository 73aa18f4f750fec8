"""A breaker: a dependency that fails or dawdles is left alone until it answers in time again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)

SLOW_IN_A_ROW = 3
"""Answers that came too late, one after the other, until nobody waits for another one."""
REST_S = 0.5
"""Between two looks whether it is back: what is over is noticed within a second."""


class Away(Exception):
    """The dependency failed just now, or is being left alone."""


class Breaker:
    """Closed: calls go through. Open after a failure, or after `SLOW_IN_A_ROW` answers that took
    longer than `slow_s`; closed again once `probe` was answered within `slow_s`.

    While it is open no caller waits: the look whether the dependency is back ("half open") is taken
    in a thread of its own, one at a time, and only while somebody asks. Safe to use from many
    threads. `failures` are the exceptions that mean the dependency is away; those of them that are
    also `answers` are its word on one question and pass through without opening anything.
    """

    def __init__(
        self,
        probe: Callable[[], object],
        failures: tuple[type[Exception], ...],
        *,
        answers: tuple[type[Exception], ...] = (),
        slow_s: float,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probe = probe
        self._failures = failures
        self._answers = answers
        self._slow_s = slow_s
        self._rest_s = rest_s
        self._clock = clock
        self._slow = 0
        self._open = False
        self._look_at = float("-inf")
        self._held = threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether a call would go through; the question itself keeps an open breaker looking."""
        if not self._open:
            return True
        self._look_when_due()
        return False

    def call(self, work: Callable[[], T]) -> T:
        """What `work` answers, however late. Away if the breaker is open, or opens now."""
        if not self.closed:
            raise Away
        began = self._clock()
        try:
            told = work()
        except self._answers:
            raise
        except self._failures as fault:
            self._trip(repr(fault))
            raise Away from fault
        self._took(self._clock() - began)
        return told

    def _took(self, seconds: float) -> None:
        self._slow = self._slow + 1 if seconds > self._slow_s else 0
        if self._slow >= SLOW_IN_A_ROW:
            self._trip(f"{self._slow} answers in a row took longer than {self._slow_s:g} s")

    def _trip(self, why: str) -> None:
        with self._held:
            self._look_at = self._clock() + self._rest_s
            self._slow = 0
            if not self._open:
                self._open = True
                _log.warning("left alone for now: %s", why)

    def _look_when_due(self) -> None:
        with self._held:
            if self._clock() < self._look_at:
                return
            self._look_at = float("inf")  # until this look is over
        threading.Thread(target=self._look, name="breaker", daemon=True).start()

    def _look(self) -> None:
        began = self._clock()
        try:
            self._probe()
            back = self._clock() - began <= self._slow_s
        except Exception:  # noqa: BLE001 - whatever it is, the dependency is not back
            back = False
        with self._held:
            self._look_at = self._clock() + self._rest_s
            self._open = not back
