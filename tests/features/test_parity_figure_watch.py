"""The continuous comparison: a process of its own that tells what it found and leaves nothing."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import from_iso
from core.database import open_record, reading, writing
from core.errors import WorkError
from core.installation import Installation
from core.settings import Features
from features.marked import Mark
from features.parity_run import last_run
from features.served import write_served
from features.vector import FeatureVector, vector
from serving.watches.parity_watch import ParityWatch

NOW = from_iso("2026-03-02T10:00:00Z")


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    return open_record(installation.record_db)


def watch(installation: Installation, stop: threading.Event | None = None) -> ParityWatch:
    return ParityWatch(installation, Features(), stop or threading.Event())


def test_what_differs_is_warned_of_and_counted(
    installation: Installation, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """A served page view that no lake knows of: operators read it in the log and in /metrics."""
    empty = vector("lead-1", None, None, None, NOW)
    wrong = FeatureVector("lead-1", None, NOW, {**empty.values, "page_views_7d": 1})
    with writing(engine) as record:
        write_served(record, [(wrong, Mark(NOW, None))])

    with caplog.at_level(logging.WARNING):
        watch(installation).look()

    assert "1 of " in caplog.text
    with reading(engine) as record:
        assert last_run(record).mismatches_total == 1


def test_a_comparison_that_fails_says_why(tmp_path: Path) -> None:
    """The timer tells it once; its child's own words say what to do."""
    never_started = Installation(tmp_path / "other")
    never_started.logs.mkdir(parents=True)
    with pytest.raises(WorkError, match="start one there with"):
        watch(never_started).look()


def test_a_role_that_is_asked_to_stop_does_not_wait_for_it(
    installation: Installation, engine: sa.Engine
) -> None:
    """Feast takes seconds, which nobody who stops a role should wait for: nothing is begun."""
    stop = threading.Event()
    stop.set()
    watch(installation, stop).look()
    with reading(engine) as record:
        assert last_run(record).number == 0
