"""At least once, each under the same id; a destination in trouble troubles no other."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa
from signal_fakes import NOW, FakeSender, signal_of

from core.clock import DAY, HOUR, MINUTE, SECOND, FixedClock
from core.database import open_record, reading, writing
from signals import outbox
from signals.deliver import Deliverer
from signals.destinations.attempt import Attempt, Outcome
from signals.schedule import STEPS, next_try
from signals.tables import OUTBOX

FAILED = Attempt(Outcome.FAILED, 500, "the receiver answered 500")
SILENT = Attempt(Outcome.FAILED, None, "ConnectError")


class Desk:
    """A record, a clock and a deliverer that is turned until the lanes have nothing to do."""

    def __init__(self, engine, **senders):
        self.engine = engine
        self.clock = FixedClock(NOW)
        self.senders = senders
        self.open()

    def open(self, fingerprint="f"):
        fingerprints = dict.fromkeys(self.senders, fingerprint)
        self.deliverer = Deliverer(self.engine, self.senders, fingerprints, self.clock, lambda: 0.0)

    def put(self, *signals):
        with writing(self.engine) as connection:
            outbox.put(connection, signals, self.clock.now())

    def work(self):
        while True:
            self.deliverer.turn()
            if not self.deliverer._busy:
                return
            time.sleep(0.001)

    def rows(self):
        with reading(self.engine) as connection:
            found = connection.execute(sa.select(OUTBOX)).all()
        return {(row.signal_id, row.destination): row for row in found}


@pytest.fixture
def engine(tmp_path):
    return open_record(tmp_path / "record.db")


def test_a_signal_reaches_each_destination_once(engine):
    """The plain case, and the next turn has nothing left to send."""
    desk = Desk(engine, console=FakeSender(), crm=FakeSender())
    desk.put(signal_of(1, ("console", "crm")), signal_of(2, ("crm",)))
    desk.work()
    desk.work()
    assert desk.senders["console"].sent == ["signal-1"]
    assert desk.senders["crm"].sent == ["signal-1", "signal-2"]
    assert {row.state for row in desk.rows().values()} == {"delivered"}


def test_a_crash_between_sending_and_settling_sends_the_same_id_again(engine):
    """At least once: the receiver drops the repeat by its id, so the id must not change."""
    desk = Desk(engine, crm=FakeSender())
    desk.put(signal_of(1, ("crm",)))
    desk.deliverer.turn()
    while not desk.senders["crm"].sent:
        time.sleep(0.001)
    desk.open()
    desk.work()
    assert desk.senders["crm"].sent == ["signal-1", "signal-1"]
    assert desk.rows()["signal-1", "crm"].state == "delivered"


def test_what_is_on_its_way_at_the_end_is_settled(engine):
    """An orderly stop sends nothing twice."""
    desk = Desk(engine, crm=FakeSender())
    desk.put(signal_of(1, ("crm",)))
    desk.work()
    desk.deliverer.close()
    assert desk.rows()["signal-1", "crm"].state == "delivered"


def test_a_failure_is_tried_again_on_schedule_and_written_down(engine):
    """500 today may be 200 in five seconds; the operator sees what happened."""
    desk = Desk(engine, crm=FakeSender(FAILED))
    desk.put(signal_of(1, ("crm",)))
    desk.work()
    row = desk.rows()["signal-1", "crm"]
    assert (row.state, row.attempts, row.status, row.error, row.next_at) == (
        "waiting", 1, 500, "the receiver answered 500", NOW + 5 * SECOND,
    )  # fmt: skip
    desk.work()
    assert len(desk.senders["crm"].sent) == 1
    desk.clock.move(5 * SECOND)
    desk.work()
    row = desk.rows()["signal-1", "crm"]
    assert (row.state, row.attempts, row.status, row.error) == ("delivered", 2, 200, "")


def test_an_unknown_destination_is_named_and_the_rest_delivered(engine):
    """A typing error in a route must not swallow the signal for everybody."""
    desk = Desk(engine, console=FakeSender())
    desk.put(signal_of(1, ("slack:#typo", "console")))
    desk.work()
    lost = desk.rows()["signal-1", "slack:#typo"]
    assert (lost.state, lost.attempts) == ("undeliverable", 0)
    assert "no destination is named slack:#typo" in lost.error
    assert desk.senders["console"].sent == ["signal-1"]


def test_a_slow_destination_holds_up_no_other(engine):
    """The fast one has its signals while the slow one still hangs on its first."""
    release = threading.Event()

    class Slow(FakeSender):
        def send(self, message, at):
            release.wait(10)
            return super().send(message, at)

    desk = Desk(engine, slow=Slow(), fast=FakeSender())
    desk.put(*(signal_of(number, ("slow", "fast")) for number in range(1, 4)))
    while len(desk.senders["fast"].sent) < 3:
        desk.deliverer.turn()
    assert desk.senders["slow"].sent == []
    release.set()
    desk.work()
    assert len(desk.senders["slow"].sent) == 3


@pytest.mark.parametrize(
    ("attempt", "rest_s"),
    [(SILENT, 5), (Attempt(Outcome.SLOW_DOWN, 429, "", 30.0), 30)],
)
def test_a_destination_that_is_down_or_asks_for_it_rests(engine, attempt, rest_s):
    """Its backlog is not burnt through: the rest keeps all its tries."""
    desk = Desk(engine, crm=FakeSender(attempt))
    desk.put(*(signal_of(number, ("crm",)) for number in range(1, 4)))
    desk.work()
    desk.work()
    assert len(desk.senders["crm"].sent) == 1
    desk.clock.move((rest_s - 1) * SECOND)
    desk.work()
    assert len(desk.senders["crm"].sent) == 1
    desk.clock.move(SECOND)
    desk.work()
    assert {row.state for row in desk.rows().values()} == {"delivered"}


def test_a_destination_that_is_gone_is_switched_off_until_it_changes(engine):
    """410 means: never come again. A new address or secret is a new chance."""
    desk = Desk(engine, crm=FakeSender(Attempt(Outcome.GONE, 410, "the receiver answered 410")))
    desk.put(signal_of(1, ("crm",)), signal_of(2, ("crm",)))
    desk.work()
    desk.open()
    desk.put(signal_of(3, ("crm",)))
    desk.work()
    assert desk.senders["crm"].sent == ["signal-1"]
    assert "410" in desk.rows()["signal-3", "crm"].error
    desk.open(fingerprint="another")
    desk.put(signal_of(4, ("crm",)))
    desk.work()
    assert desk.senders["crm"].sent == ["signal-1", "signal-4"]


def test_a_message_that_is_refused_costs_only_itself(engine):
    """One odd signal must not switch off a channel."""
    desk = Desk(engine, slack=FakeSender(Attempt(Outcome.REFUSED, 400, "invalid_blocks")))
    desk.put(signal_of(1, ("slack",)), signal_of(2, ("slack",)))
    desk.work()
    assert desk.rows()["signal-1", "slack"].state == "undeliverable"
    assert desk.rows()["signal-2", "slack"].state == "delivered"


@pytest.mark.parametrize("others_get_through", [True, False])
def test_a_message_out_of_tries_switches_off_only_what_takes_nothing(engine, others_get_through):
    """Three days of failures: of this message alone, or of the destination."""

    class Choosy(FakeSender):
        def send(self, message, at):
            super().send(message, at)
            fine = others_get_through and message.id != "signal-1"
            return Attempt(Outcome.DELIVERED, 200) if fine else FAILED

    desk = Desk(engine, crm=Choosy())
    desk.put(signal_of(1, ("crm",)))
    for step in STEPS:
        desk.work()
        desk.clock.move(step)
    desk.put(signal_of(2, ("crm",)))
    desk.work()
    lost = desk.rows()["signal-1", "crm"]
    assert (lost.state, lost.attempts) == ("undeliverable", 10)
    desk.clock.move(DAY)
    desk.put(signal_of(3, ("crm",)))
    desk.work()
    state = desk.rows()["signal-3", "crm"].state
    assert state == ("delivered" if others_get_through else "undeliverable")


def test_a_fault_of_ours_in_a_destination_counts_as_a_failure(engine):
    """A bug in one adapter must not end its lane: the next signal may be fine."""

    class Broken(FakeSender):
        def send(self, message, at):
            raise KeyError(message.id)

    desk = Desk(engine, crm=Broken())
    desk.put(signal_of(1, ("crm",)))
    desk.work()
    row = desk.rows()["signal-1", "crm"]
    assert (row.state, row.error) == ("waiting", "KeyError: 'signal-1'")


def test_the_schedule_is_that_of_standard_webhooks():
    """5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, then no more."""
    waits = [next_try(attempts, 0, None, lambda: 0.0) for attempts in range(1, 11)]
    hours = [2, 5, 10, 14, 20, 24]
    assert waits == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, *(h * HOUR for h in hours), None]


def test_jitter_and_retry_after_only_make_it_later():
    """What failed together shall not come back together, and not before it was asked to."""
    assert next_try(1, 0, None, lambda: 1.0) == 6 * SECOND
    assert next_try(1, 0, 60.0, lambda: 0.0) == MINUTE
    assert next_try(2, 0, 60.0, lambda: 0.0) == 5 * MINUTE
    assert next_try(1, 0, 1e12, lambda: 0.0) == DAY
