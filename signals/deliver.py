"""Deliver: drains the outbox to its destinations, at least once each, one lane a destination."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import sqlalchemy as sa

from core.clock import DAY, SECOND, Clock
from core.database import reading, writing
from signals import disabled, outbox
from signals.destinations.attempt import Attempt, DestinationSender, Outcome
from signals.lane import Done, Lane, Told, Tried, overloaded
from signals.outbox import DELIVERED, UNDELIVERABLE, WAITING, Due, Settled
from signals.schedule import next_try

_log = logging.getLogger(__name__)

LOOK_AT = 500
"""Rows read at once."""
CHUNK = 50
"""Rows given to a lane at once: while they are under way the others wait in the outbox."""
REST_S = 5.0
"""How long a destination that gave no answer, or asked to slow down, is left alone."""


class Deliverer:
    """`turn` whenever the record has changed or a lane `told` something, from one thread.

    Attempts run in the lanes' threads.
    """

    def __init__(
        self,
        engine: sa.Engine,
        destinations: Mapping[str, DestinationSender],
        fingerprints: Mapping[str, str],
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        """`fingerprints`: name → what changes when the destination does. `draw`: jitter, 0–1."""
        self._engine = engine
        self._clock = clock
        self._draw = draw
        self._fingerprints = fingerprints
        self._told: Told = queue.SimpleQueue()
        self._lanes = {
            name: Lane(name, sender, clock, self._told) for name, sender in destinations.items()
        }
        self._busy: set[str] = set()
        self._resting: dict[str, int] = {}
        self._unsettled: list[Tried | Done] = []
        self._warned: set[str] = set()
        with reading(engine) as connection:
            self._given_up = disabled.load(connection, fingerprints)

    @property
    def busy(self) -> bool:
        """Whether any lane is at work."""
        return bool(self._busy)

    @property
    def told(self) -> bool:
        """Whether a lane has told something that the next turn will settle."""
        return not self._told.empty()

    def turn(self) -> None:
        """Settles what the lanes tried, hands them what is due. Waits for no destination.

        If the record fails it raises and forgets nothing: the next turn goes on where this ended.
        """
        self._settle()
        now = self._clock.now()
        with reading(self._engine) as connection:
            rows = outbox.due(connection, now, LOOK_AT, self._not_now(now))
        lost = []
        for name, group in groupby(
            sorted(rows, key=lambda due: due.destination), lambda due: due.destination
        ):
            why = self._why_not(name)
            if why:
                lost += [_settled(due, UNDELIVERABLE, now, error=why) for due in group]
            else:
                self._busy.add(name)
                self._lanes[name].take(list(group)[:CHUNK])
        if lost:
            with writing(self._engine) as connection:
                outbox.settle(connection, lost, now)

    def close(self, wait_s: float = 5.0) -> None:
        """Ends the lanes after what they are sending, and settles it."""
        for lane in self._lanes.values():
            lane.close(wait_s)
        self._settle()

    def _not_now(self, now: int) -> set[str]:
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        return self._busy | self._resting.keys()

    def _why_not(self, name: str) -> str:
        why = ""
        if name not in self._lanes:
            why = f"no destination is named {name}: declare it under signals.destinations"
        elif name in self._given_up:
            why = f"{name} is switched off: {self._given_up[name]}"
        if why and name not in self._warned:
            self._warned.add(name)
            _log.warning("signals are not delivered: %s", why)
        return why

    def _settle(self) -> None:
        while not self._told.empty():
            self._unsettled.append(self._told.get())
        tried = [item for item in self._unsettled if isinstance(item, Tried)]
        if tried:
            self._write_down(tried)
        # Only now: a lane that is free while its rows still look due would send them again.
        self._busy -= {item.destination for item in self._unsettled if isinstance(item, Done)}
        self._unsettled.clear()

    def _write_down(self, tried: Sequence[Tried]) -> None:
        now = self._clock.now()
        settled = [self._judge(item) for item in tried]
        with writing(self._engine) as connection:
            outbox.settle(connection, settled, now)
            for item, result in zip(tried, settled, strict=True):
                if result.state == UNDELIVERABLE:
                    _log.warning(
                        "signal %s did not get through to %s after %d attempts: %s",
                        result.signal_id, result.destination, result.attempts, result.error,
                    )  # fmt: skip
                    self._look_at_destination(connection, item, now)

    def _judge(self, item: Tried) -> Settled:
        """What an attempt means for its row, and for how long its destination rests."""
        due, attempt = item.due, item.attempt
        if overloaded(attempt):
            rest = max(REST_S, attempt.retry_after_s or 0.0)
            self._resting[due.destination] = item.at + round(min(rest * SECOND, DAY))
        if attempt.outcome is Outcome.DELIVERED:
            return _settled(due, DELIVERED, item.at, attempt)
        if attempt.outcome in {Outcome.REFUSED, Outcome.GONE}:
            return _settled(due, UNDELIVERABLE, item.at, attempt)
        again = next_try(due.attempts + 1, item.at, attempt.retry_after_s, self._draw)
        if again is None:
            return _settled(due, UNDELIVERABLE, item.at, attempt)
        return _settled(due, WAITING, again, attempt)

    def _look_at_destination(self, connection: sa.Connection, item: Tried, now: int) -> None:
        """Gives a destination up that is gone, or to which nothing got through for a day: that all
        tries of one message failed may be the fault of the message.
        """
        name, outcome = item.due.destination, item.attempt.outcome
        if outcome is Outcome.REFUSED:
            return
        if outcome is Outcome.GONE or not outbox.any_delivered(connection, name, now - DAY):
            reason = item.attempt.error
            self._given_up[name] = reason
            disabled.save(connection, name, self._fingerprints.get(name, ""), reason, now)
            _log.warning("%s is switched off until its address or secret changes: %s", name, reason)


def _settled(
    due: Due, state: str, next_at: int, attempt: Attempt | None = None, error: str = ""
) -> Settled:
    return Settled(
        signal_id=due.signal_id,
        destination=due.destination,
        state=state,
        attempts=due.attempts + (attempt is not None),
        next_at=next_at,
        status=attempt.status if attempt else None,
        error=attempt.error if attempt else error,
    )
