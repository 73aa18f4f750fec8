"""One destination with a thread of its own, so that a slow one holds up no other."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence

import msgspec

from core.clock import Clock
from signals.destinations.attempt import Attempt, DestinationSender, Message, Outcome
from signals.outbox import Due

_log = logging.getLogger(__name__)


class Tried(msgspec.Struct, frozen=True):
    """One attempt of a lane, for the thread that owns the record."""

    due: Due
    attempt: Attempt
    at: int


class Done(msgspec.Struct, frozen=True):
    """The lane is free again; what it did not try still waits in the outbox."""

    destination: str


Told = queue.SimpleQueue[Tried | Done]


class Lane:
    """Sends in the order it is given, one at a time, at the destination's pace.

    After a receiver that gave no answer or asked to slow down it tries nothing else: the rest of
    what it was given goes back untouched.
    """

    def __init__(self, name: str, sender: DestinationSender, clock: Clock, told: Told) -> None:
        self.name = name
        self._sender = sender
        self._clock = clock
        self._told = told
        self._given: queue.SimpleQueue[Sequence[Due]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"deliver {name}", daemon=True)
        self._thread.start()

    def take(self, rows: Sequence[Due]) -> None:
        """Returns at once; each row tried is told, then that the lane is done."""
        self._given.put(rows)

    def close(self, wait_s: float) -> None:
        """Ends after the message that is being sent, or gives it up after `wait_s`."""
        self._stop.set()
        self._given.put(())
        self._thread.join(wait_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._work_off(self._given.get())
            self._told.put(Done(self.name))

    def _work_off(self, rows: Sequence[Due]) -> None:
        for due in rows:
            if self._stop.is_set():
                return
            at = self._clock.now()
            attempt = self._try(due, at)
            self._told.put(Tried(due, attempt, at))
            if overloaded(attempt) or attempt.outcome is Outcome.GONE:
                return
            self._stop.wait(self._sender.pace_s)

    def _try(self, due: Due, at: int) -> Attempt:
        try:
            return self._sender.send(Message(due.signal_id, due.body), at)
        except Exception as fault:  # noqa: BLE001 - the lane has to outlive any one message
            _log.error("sending %s to %s", due.signal_id, self.name, exc_info=fault)
            return Attempt(Outcome.FAILED, None, f"{type(fault).__name__}: {fault}")


def overloaded(attempt: Attempt) -> bool:
    """It asked to slow down, or did not answer at all."""
    silent = attempt.outcome is Outcome.FAILED and attempt.status is None
    return silent or attempt.outcome is Outcome.SLOW_DOWN
