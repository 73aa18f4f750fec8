"""Samples are written by many at once, and what is too old or too many is looked for seldom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from core.database import open_record
from serving.kept import sample_log
from serving.kept.sample_log import SampleLog


class Shelf:
    """Notes what is kept, and how much was when it was looked through."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.looks: list[int] = []
        self.dropped: list[int] = []
        self.full = False

    def write(self, _record: sa.Connection, some: Sequence[int]) -> None:
        if self.full:
            raise OperationalError("insert", {}, Exception("the disk is full"))
        self.kept += some

    def prune(self, _record: sa.Connection) -> None:
        self.looks.append(len(self.kept))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def log(tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleLog[int]]:
    monkeypatch.setattr(sample_log, "PAUSE_S", 0.01)
    monkeypatch.setattr(sample_log, "PRUNE_AFTER", 10)
    engine = open_record(tmp_path / "record.db")
    made: SampleLog[int] = SampleLog(
        engine, "samples", shelf.write, shelf.prune, shelf.dropped.append
    )
    yield made
    made.close()
    engine.dispose()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_is_kept_is_looked_through_after_so_many_and_not_at_each_write(
    log: SampleLog[int], shelf: Shelf
) -> None:
    """A look reads the whole table: at each write it would keep scores waiting."""
    for one in range(25):
        log.put([one])
        until(lambda one=one: len(shelf.kept) > one)  # type: ignore[misc]
    assert shelf.looks == [1, 11, 21]


def test_after_a_while_it_is_looked_through_however_few_came(
    log: SampleLog[int], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days after which a sample goes have to pass where few scores are asked for, too."""
    monkeypatch.setattr(sample_log, "PRUNE_S", 0.0)
    for one in range(3):
        log.put([one])
        until(lambda one=one: len(shelf.looks) > one)  # type: ignore[misc]
    assert shelf.looks == [1, 2, 3]


def test_what_the_disk_refuses_is_dropped_and_counted(log: SampleLog[int], shelf: Shelf) -> None:
    """Nobody waits for it; the ones behind are kept again."""
    shelf.full = True
    log.put([1, 2])
    until(lambda: shelf.dropped == [2])
    shelf.full = False
    log.put([3])
    log.close()
    assert shelf.kept == [3]
