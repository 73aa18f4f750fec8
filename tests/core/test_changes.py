"""Whoever waits for others' writes hears of each, and asks almost for nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import changes as module
from core.changes import Changes
from core.database import open_record, reading, writing


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def write(engine: sa.Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS word (told TEXT)")
        connection.exec_driver_sql("INSERT INTO word VALUES ('news')")


def test_a_commit_of_another_process_is_noticed_once(engine: sa.Engine) -> None:
    """A commit that is missed would leave a signal waiting for the next one."""
    changes = Changes(engine)
    assert changes.come()
    assert not changes.come()
    for _ in range(3):
        write(open_record(Path(engine.url.database or "")))
        assert changes.come()
        assert not changes.come()
    changes.close()


def test_a_commit_through_the_same_engine_is_noticed(engine: sa.Engine) -> None:
    """In a test, or in one process for all, worker and reader share an engine."""
    changes = Changes(engine)
    changes.come()
    write(engine)
    assert changes.come()
    changes.close()


def test_reading_is_no_news(engine: sa.Engine) -> None:
    """Otherwise each look would bring about the next."""
    changes = Changes(engine)
    changes.come()
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")
    assert not changes.come()
    changes.close()


def test_asking_holds_up_no_writer(engine: sa.Engine) -> None:
    """The worker commits in between, however often it is asked."""
    changes = Changes(engine)
    for _ in range(3):
        changes.come()
        write(engine)
    changes.close()


def test_a_database_that_cannot_say_is_looked_at_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other servers have no such counter; twenty looks a second are cheap for them."""
    at = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    changes = Changes(sa.create_mock_engine("postgresql://", lambda *_: None))
    assert changes.come()
    assert not changes.come()
    at[0] += module._UNTOLD_S
    assert changes.come()
