"""The event log: what was answered is there, in order, once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from core.clock import SECOND, FixedClock
from core.errors import StartError, Unavailable
from events.intake.log import PRUNE_STEP, EventLog, NewEvent
from events.types import Door


def event(text: str) -> NewEvent:
    return NewEvent(Door.LIVE, "segment", "k1", "127.0.0.1", "test", text.encode())


def test_events_come_back_as_they_were_put_in_order(tmp_path: Path) -> None:
    """The worker reads what the api answered for, field by field."""
    log = EventLog(tmp_path / "log.db")
    last = log.append([event("a"), event("b")]).result(5)
    assert last == log.last_offset() == 2
    first, second = log.read(0, 10)
    assert (first.offset, first.body, first.door) == (1, b"a", Door.LIVE)
    assert (first.source, first.key_id, first.ip) == ("segment", "k1", "127.0.0.1")
    assert second.body == b"b"
    assert [raw.offset for raw in log.read(1, 10)] == [2]
    assert [raw.offset for raw in log.read(0, 1)] == [1]
    log.close()


def test_an_empty_log_has_offset_zero(tmp_path: Path) -> None:
    """A worker may start before the first event."""
    log = EventLog(tmp_path / "log.db")
    assert log.last_offset() == 0
    assert log.read(0, 10) == []
    log.close()


def test_recorded_at_is_strictly_increasing_though_the_clock_stands_or_steps_back(
    tmp_path: Path,
) -> None:
    """`known_at` of two events is never equal: point-in-time rows depend on it."""
    clock = FixedClock(1_000)
    log = EventLog(tmp_path / "log.db", clock)
    log.append([event("a"), event("b")]).result(5)
    log.append([event("c")]).result(5)
    log.close()
    clock.at = 5
    log = EventLog(tmp_path / "log.db", clock)
    log.append([event("d")]).result(5)
    times = [raw.recorded_at for raw in log.read(0, 10)]
    assert times == [1_000, 1_001, 1_002, 1_003]
    log.close()


def test_a_reopened_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    """A restart neither loses nor renumbers."""
    log = EventLog(tmp_path / "log.db")
    log.append([event("a")])
    log.close()
    again = EventLog(tmp_path / "log.db")
    assert again.append([event("b")]).result(5) == 2
    assert [raw.body for raw in again.read(0, 10)] == [b"a", b"b"]
    again.close()


def test_concurrent_appends_lose_nothing_and_each_learns_its_own_offset(tmp_path: Path) -> None:
    """Many connections append at once; an answer stands for exactly that connection's event."""
    log = EventLog(tmp_path / "log.db")
    told: dict[str, int] = {}

    def post(writer: int) -> None:
        for at in range(50):
            name = f"{writer}-{at}"
            told[name] = log.append([event(name)]).result(10)

    threads = [threading.Thread(target=post, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = {raw.body.decode(): raw.offset for raw in log.read(0, 1_000)}
    assert held == told
    assert sorted(held.values()) == list(range(1, 401))
    log.close()


class Gate(FixedClock):
    """A clock that lets the writer wait: everything appended meanwhile forms one group."""

    def __init__(self) -> None:
        super().__init__(1)
        self.reached = threading.Event()
        self.open = threading.Event()
        self.readings = 0

    def now(self) -> int:
        self.readings += 1
        self.reached.set()
        self.open.wait(10)
        return self.at


def test_what_waits_meanwhile_shares_one_commit(tmp_path: Path) -> None:
    """Without group commit every request would pay a sync of its own."""
    gate = Gate()
    log = EventLog(tmp_path / "log.db", gate)
    first = log.append([event("first")])
    gate.reached.wait(5)
    rest = [log.append([event(str(at))]) for at in range(20)]
    gate.open.set()
    assert first.result(5) == 1
    assert [done.result(5) for done in rest] == list(range(2, 22))
    assert gate.readings == 2
    log.close()


def test_a_full_queue_refuses_at_once_and_accepts_nothing_of_it(tmp_path: Path) -> None:
    """Memory is bounded; the sender is told to come back."""
    gate = Gate()
    log = EventLog(tmp_path / "log.db", gate, queue_limit=3)
    log.append([event("a")])
    gate.reached.wait(5)
    log.append([event("b"), event("c")])
    with pytest.raises(Unavailable, match="wait"):
        log.append([event("d"), event("e")])
    assert log.waiting == 2
    gate.open.set()
    assert log.append([event("f")]).result(5) == 4
    assert [raw.body for raw in log.read(0, 10)] == [b"a", b"b", b"c", b"f"]
    log.close()


def test_what_its_caller_gave_up_is_not_written(tmp_path: Path) -> None:
    """A client that hung up was promised nothing; it will send again."""
    gate = Gate()
    log = EventLog(tmp_path / "log.db", gate)
    log.append([event("a")])
    gate.reached.wait(5)
    assert log.append([event("b")]).cancel()
    kept = log.append([event("c")])
    gate.open.set()
    kept.result(5)
    assert [raw.body for raw in log.read(0, 10)] == [b"a", b"c"]
    log.close()


def test_disk_trouble_fails_the_whole_group_and_passes(tmp_path: Path) -> None:
    """All or nothing, and once the cause is gone the same log serves again."""
    path = tmp_path / "log.db"
    log = EventLog(path)
    log.append([event("a")]).result(5)
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.body = x'32'"
        " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    with pytest.raises(Unavailable, match="disk is full"):
        log.append([event("1"), event("2"), event("3")]).result(5)
    outside.execute("DROP TRIGGER full")
    assert log.append([event("2")]).result(5) == 2
    assert [raw.body for raw in log.read(0, 10)] == [b"a", b"2"]
    outside.close()
    log.close()


def test_appending_nothing_proves_that_the_log_can_be_written(tmp_path: Path) -> None:
    """Readiness asks for it; it leaves no event."""
    log = EventLog(tmp_path / "log.db")
    log.append([event("a")]).result(5)
    assert log.append([]).result(5) == 1
    assert log.last_offset() == 1
    log.close()


def test_after_a_refusal_the_proof_is_as_large_as_what_was_refused(tmp_path: Path) -> None:
    """A nearly full disk still takes a byte: ready again means that the events fit again."""
    path = tmp_path / "log.db"
    log = EventLog(path)
    log.append([]).result(5)
    outside = sqlite3.connect(path, isolation_level=None)
    for table, column in (("event", "body"), ("room", "bytes")):
        outside.execute(
            f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} WHEN length(NEW.{column}) > 1000"
            " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(Unavailable):
        log.append([event("x" * 2_000)]).result(5)
    for _ in range(2):
        with pytest.raises(Unavailable, match="disk is full"):
            log.append([]).result(5)
    for table in ("event", "room"):
        outside.execute(f"DROP TRIGGER full_{table}")
    log.append([]).result(5)
    assert outside.execute("SELECT count(*) FROM room").fetchone() == (0,)
    assert log.append([event("x" * 2_000)]).result(5) == 1
    outside.close()
    log.close()


def test_an_append_that_succeeds_ends_the_proof(tmp_path: Path) -> None:
    """What was taken is the best proof of all."""
    path = tmp_path / "log.db"
    log = EventLog(path)
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    with pytest.raises(Unavailable):
        log.append([event("x")]).result(5)
    outside.execute("DROP TRIGGER full")
    log.append([event("x")]).result(5)
    outside.execute(
        "CREATE TRIGGER none BEFORE INSERT ON room BEGIN SELECT RAISE(ABORT, 'not asked'); END"
    )
    assert log.append([]).result(5) == 1
    outside.close()
    log.close()


def test_another_reader_sees_what_was_committed(tmp_path: Path) -> None:
    """The worker is another process with a connection of its own."""
    writer, reader = EventLog(tmp_path / "log.db"), EventLog(tmp_path / "log.db")
    writer.append([event("a")]).result(5)
    assert [raw.body for raw in reader.read(0, 10)] == [b"a"]
    reader.close()
    writer.close()


def test_prune_drops_what_is_old_and_processed_and_keeps_the_newest(tmp_path: Path) -> None:
    """Raw events have a term; the newest stays so that time never steps back."""
    clock = FixedClock(10)
    log = EventLog(tmp_path / "log.db", clock)
    log.append([event(str(at)) for at in range(PRUNE_STEP + 5)]).result(5)
    clock.at = 1_000_000
    log.append([event("new")]).result(5)
    assert log.prune(before_recorded_at=999_999, up_to_offset=3) == 3
    assert log.prune(before_recorded_at=999_999, up_to_offset=10**9) == PRUNE_STEP + 2
    assert log.prune(before_recorded_at=10**9, up_to_offset=10**9) == 0
    assert [raw.body for raw in log.read(0, 10)] == [b"new"]
    log.close()


def test_a_closed_log_refuses(tmp_path: Path) -> None:
    """After the stop signal nothing is accepted that nobody would write."""
    log = EventLog(tmp_path / "log.db")
    log.close()
    with pytest.raises(Unavailable, match="closed"):
        log.append([event("a")])


def test_a_file_that_is_no_log_is_told_in_one_sentence(tmp_path: Path) -> None:
    """The operator learns which file, not which line of ours."""
    path = tmp_path / "log.db"
    path.write_bytes(b"this is not a database, whatever its name" * 10)
    with pytest.raises(StartError, match=r"log\.db"):
        EventLog(path)


def test_a_log_says_until_when_it_is_complete_and_keeps_to_it(tmp_path: Path) -> None:
    """What is recorded later is recorded later than that, by whatever process, and if the clock is
    put back a little; a clock that was hours ahead is not followed.
    """
    clock = FixedClock(100 * SECOND)
    worker, api = (EventLog(tmp_path / "log.db", clock) for _ in range(2))
    assert worker.complete_until(0) == 100 * SECOND
    clock.move(-5 * SECOND)
    assert worker.complete_until(0) == 100 * SECOND
    api.append([event("a"), event("b")]).result(5)
    assert [raw.recorded_at for raw in worker.read(0, 9)] == [100 * SECOND + 1, 100 * SECOND + 2]
    assert (worker.complete_until(0), worker.complete_until(1)) == (None, None)
    assert worker.complete_until(2) == 100 * SECOND + 2

    clock.move(3_600 * SECOND)
    assert worker.complete_until(2) == 3_695 * SECOND
    clock.move(-3_000 * SECOND)
    api.append([event("c")]).result(5)
    assert worker.read(2, 9)[0].recorded_at == 695 * SECOND
    worker.close()
    api.close()


def test_an_event_that_has_its_time_and_no_offset_yet_is_waited_for(tmp_path: Path) -> None:
    """Between the reading of the clock and the end of the sync nobody can see it; to call the log
    complete then would be a lie, however long the disk takes.
    """
    gate = Gate()
    api, worker = EventLog(tmp_path / "log.db", gate), EventLog(tmp_path / "log.db", FixedClock(9))
    done = api.append([event("a")])
    assert gate.reached.wait(10)
    assert worker.read(0, 9) == []
    assert worker.complete_until(0) is None
    gate.open.set()
    assert done.result(10) == 1
    assert worker.complete_until(0) is None
    assert worker.complete_until(1) == 9
    worker.close()
    api.close()


def test_however_appends_and_looks_fall_together_nothing_comes_behind_a_look(
    tmp_path: Path,
) -> None:
    """Two writers and a worker, as fast as they can."""
    path = tmp_path / "log.db"
    writers, worker = [EventLog(path) for _ in range(2)], EventLog(path)

    def write(log: EventLog) -> None:
        for _ in range(60):
            log.append([event("x")]).result(10)

    threads = [threading.Thread(target=write, args=(log,)) for log in writers]
    for thread in threads:
        thread.start()
    told: list[tuple[int, int]] = []
    while any(thread.is_alive() for thread in threads) or not told:
        after = worker.last_offset()
        if (until := worker.complete_until(after)) is not None:
            told.append((after, until))
    recorded = {raw.offset: raw.recorded_at for raw in worker.read(0, 1_000)}
    assert len(recorded) == 120
    for after, until in told:
        assert all((offset <= after) == (at <= until) for offset, at in recorded.items())
    for log in (*writers, worker):
        log.close()
