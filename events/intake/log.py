"""The event log: accepted events in order, on disk before they are answered.

A SQLite file of its own. One thread writes; whatever waits when it is free shares one commit, so
that many small requests cost one sync. Any process may read; offsets appear in order.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core.clock import SECOND, Clock, SystemClock
from core.errors import StartError, Unavailable
from events.types import Door, RawEvent

GROUP_LIMIT = 5_000
"""Events in one commit at most: bounds what a crash can undo and how long a reader waits."""
PRUNE_STEP = 1_000
PUT_BACK = 10 * SECOND
"""A clock that was put back by more is believed: the moments that it had told were wrong."""
BUSY_MS = 100
"""How long `complete_until` waits for a writer: then events are about to come anyway."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
  "offset" INTEGER PRIMARY KEY AUTOINCREMENT, recorded_at INTEGER NOT NULL,
  door TEXT NOT NULL, source TEXT NOT NULL, key_id TEXT NOT NULL,
  ip TEXT NOT NULL, user_agent TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS complete (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS room (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL);
"""
_INSERT = (
    "INSERT INTO event (recorded_at, door, source, key_id, ip, user_agent, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_READ = (
    'SELECT "offset", recorded_at, door, source, key_id, ip, user_agent, body'
    ' FROM event WHERE "offset" > ? ORDER BY "offset" LIMIT ?'
)
_LAST = 'SELECT "offset", recorded_at FROM event ORDER BY "offset" DESC LIMIT 1'
_COMPLETE = "SELECT at FROM complete"
_OLDEST = 'SELECT "offset", recorded_at FROM event WHERE "offset" <= ? ORDER BY "offset" LIMIT ?'


class NewEvent(NamedTuple):
    """One event as it came in by a door; offset and time are the log's to give."""

    door: Door
    source: str
    key_id: str
    ip: str
    user_agent: str
    body: bytes


class _Waiting(NamedTuple):
    events: Sequence[NewEvent]
    done: Future[int]


class EventLog:
    """Opens the log, creating what is missing. StartError says why it cannot.

    The writing thread starts with the first append, so that a process that only reads has none.
    """

    def __init__(self, path: Path, clock: Clock | None = None, queue_limit: int = 20_000) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._limit = queue_limit
        self._queue: deque[_Waiting] = deque()
        self._waiting = 0
        self._closed = False
        self._refused = 0
        """Bytes of the largest append that the disk refused since it last took one."""
        self._wake = threading.Condition()
        self._writer: threading.Thread | None = None
        self._reading = threading.Lock()
        try:
            self._reader = _connect(path)
            self._reader.executescript(_SCHEMA)
        except sqlite3.Error as problem:
            raise StartError(
                f"cannot open the event log {path}: {problem}",
                do="check that the disk has space and that the file is an event log of ours",
            ) from problem

    @property
    def waiting(self) -> int:
        """How many events wait for the writer."""
        return self._waiting

    def append(self, events: Sequence[NewEvent]) -> Future[int]:
        """Hands events over in order; the future's value, once they are synced, is the last offset.

        All of them are written or none. Raises Unavailable at once when too much waits; the future
        fails with Unavailable when the disk refuses. No events: proves that the log can be written,
        after a refusal with as many bytes as were refused.
        """
        done: Future[int] = Future()
        with self._wake:
            if self._closed:
                raise Unavailable("the event log is closed: the service stops")
            if self._waiting and self._waiting + len(events) > self._limit:
                raise Unavailable(f"{self._waiting} events already wait to be written")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="event-log", daemon=True)
                self._writer.start()
            self._queue.append(_Waiting(events, done))
            self._waiting += len(events)
            self._wake.notify()
        return done

    def read(self, after: int, limit: int) -> list[RawEvent]:
        """Up to `limit` events with offsets above `after`, in order."""
        with self._reading:
            rows = self._reader.execute(_READ, (after, limit)).fetchall()
        return [
            RawEvent(
                offset=row[0],
                recorded_at=row[1],
                door=Door(row[2]),
                source=row[3],
                key_id=row[4],
                ip=row[5],
                user_agent=row[6],
                body=row[7],
            )
            for row in rows
        ]

    def last_offset(self) -> int:
        """The newest offset; 0 when nothing was ever appended."""
        with self._reading:
            row = self._reader.execute(_LAST).fetchone()
        return int(row[0]) if row else 0

    def complete_until(self, after: int) -> int | None:
        """A moment by which every event recorded has an offset up to `after`, now and for ever: the
        next one is recorded later. None while events wait behind `after` or are being written.

        The moment is that of the log's clock and is told inside a transaction that keeps writers
        out: an event that is on its way to the disk has its time already, but no offset that a
        reader could see. It is not synced, for after a power cut the clock is later still.
        """
        try:
            with _opened(self._path) as connection:
                connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("BEGIN IMMEDIATE")
                offset, last = connection.execute(_LAST).fetchone() or (0, 0)
                if offset > after:
                    return None  # closing rolls back
                now = self._clock.now()
                until = max(now, _floor(connection, last, now))
                connection.execute("INSERT OR REPLACE INTO complete VALUES (1, ?)", (until,))
                connection.execute("COMMIT")
                return until
        except sqlite3.OperationalError:
            return None  # a writer is at work, or there is no room

    def prune(self, before_recorded_at: int, up_to_offset: int) -> int:
        """Drops events older than a moment and not after an offset. Returns how many.

        The newest event always stays: the next start takes its time from it, so that `recorded_at`
        never steps back. In small steps, because the writer waits meanwhile.
        """
        dropped = 0
        keep_from = self.last_offset()
        with _opened(self._path) as connection:
            # Personal values shall not outlive their row in free pages of the file.
            connection.execute("PRAGMA secure_delete=ON")
            while True:
                bounds = (min(up_to_offset, keep_from - 1), PRUNE_STEP)
                oldest = connection.execute(_OLDEST, bounds).fetchall()
                stale = [offset for offset, at in oldest if at < before_recorded_at]
                if not stale:
                    return dropped
                connection.execute('DELETE FROM event WHERE "offset" <= ?', (stale[-1],))
                dropped += len(stale)

    def close(self) -> None:
        """Writes what waits, then stops. Appending afterwards raises Unavailable."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._writer is not None:
            self._writer.join()
        with self._reading:
            self._reader.close()

    def _write(self) -> None:
        connection: sqlite3.Connection | None = None
        while group := self._take():
            try:
                connection = connection or _connect(self._path)
                offsets = self._commit(connection, group)
            except Exception as problem:  # noqa: BLE001 - the writer has to outlive any one group
                _drop(connection)
                connection = None
                self._refused = max(self._refused, *(_size(waiting) for waiting in group))
                _fail(group, problem)
            else:
                self._refused = 0
                for waiting, offset in zip(group, offsets, strict=True):
                    waiting.done.set_result(offset)
        _drop(connection)

    def _take(self) -> list[_Waiting]:
        """Waits for work. What its caller gave up meanwhile is left out; empty means: closed."""
        with self._wake:
            while True:
                group: list[_Waiting] = []
                size = 0
                while self._queue and (not group or size < GROUP_LIMIT):
                    waiting = self._queue.popleft()
                    self._waiting -= len(waiting.events)
                    if waiting.done.set_running_or_notify_cancel():
                        group.append(waiting)
                        size += len(waiting.events)
                if group or self._closed:
                    return group
                self._wake.wait()

    def _commit(self, connection: sqlite3.Connection, group: list[_Waiting]) -> list[int]:
        """One transaction. Returns the last offset of each member of the group.

        The last time is read inside it: right also after a restart, and with a second process.
        """
        connection.execute("BEGIN IMMEDIATE")
        offset, last = connection.execute(_LAST).fetchone() or (0, 0)
        now = self._clock.now()
        now = max(now, _floor(connection, last, now) + 1)
        rows = [event for waiting in group for event in waiting.events]
        connection.executemany(_INSERT, ((now + at, *event) for at, event in enumerate(rows)))
        if rows:
            (top,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            offset = top - len(rows)
        else:
            connection.execute("INSERT OR REPLACE INTO probe VALUES (1, ?)", (now,))
        connection.execute("COMMIT")
        if self._refused and not rows:
            _prove_room(connection, self._refused)
        offsets = []
        for waiting in group:
            offset += len(waiting.events)
            offsets.append(offset)
        return offsets


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL, because NORMAL loses answered events in a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _floor(connection: sqlite3.Connection, last: int, now: int) -> int:
    """What is recorded from now on is recorded later than this; `last` is the newest event's."""
    (complete,) = connection.execute(_COMPLETE).fetchone() or (0,)
    return max(last, complete if complete <= now + PUT_BACK else 0)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = _connect(path)
    try:
        yield connection
    finally:
        connection.close()


def _prove_room(connection: sqlite3.Connection, size: int) -> None:
    """Writes and frees as many bytes as were refused: less may well fit where they do not."""
    connection.execute("INSERT OR REPLACE INTO room VALUES (1, zeroblob(?))", (size,))
    connection.execute("DELETE FROM room")


def _size(waiting: _Waiting) -> int:
    return sum(len(event.body) for event in waiting.events)


def _drop(connection: sqlite3.Connection | None) -> None:
    """Closing rolls back what was not committed; the next group opens anew."""
    if connection is not None:
        connection.close()


def _fail(group: list[_Waiting], problem: Exception) -> None:
    for waiting in group:
        trouble = Unavailable(f"the event log cannot be written: {problem}")
        trouble.__cause__ = problem
        waiting.done.set_exception(trouble)
