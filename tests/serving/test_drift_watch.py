"""The timer that looks at drift: once in its pause, counted over restarts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import serving.watches.drift_watch
from core import release
from core.clock import DAY, SECOND, FixedClock
from core.database import open_record, writing
from core.errors import WorkError
from core.installation import Installation
from core.settings import Models
from scoring import drifting
from serving.watches.drift_watch import DriftWatch

NOW = 20_000 * DAY


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path).create()


class Aside:
    """Stands for the command; fails as long as it is told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.fails = False

    def __call__(self, words: list[str], *_args: object, **_named: object) -> None:
        assert words == ["models", "drift"]
        self.runs += 1
        if self.fails:
            raise WorkError("no")


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> Aside:
    aside = Aside()
    monkeypatch.setattr(serving.watches.drift_watch, "run_aside", aside)
    return aside


def test_it_looks_once_in_its_pause_and_a_restart_begins_none(installation, aside):
    """A role that restarts each hour would otherwise never look, or look each hour."""
    engine = open_record(installation.record_db)
    clock, models = FixedClock(NOW), Models(drift_every_s=3_600)

    def watch() -> DriftWatch:
        return DriftWatch(installation, models, engine, clock, threading.Event())

    watch().look()
    assert aside.runs == 0  # no model is in force
    release.make(engine, NOW, "test", model_name="lead_propensity", model_version="3")
    with writing(engine) as connection:
        looked = drifting.Told(model="lead_propensity-3", looked_at=NOW - 3_599 * SECOND)
        drifting.write(connection, looked)
    watch().look()
    assert aside.runs == 0
    clock.move(SECOND)
    watch().look()
    assert aside.runs == 1


def test_what_fails_is_tried_again_after_the_pause(installation, aside):
    """Not at each turn of the timer: a look takes seconds of a core."""
    engine = open_record(installation.record_db)
    release.make(engine, NOW, "test", model_name="lead_propensity", model_version="3")
    clock = FixedClock(NOW)
    watch = DriftWatch(installation, Models(drift_every_s=3_600), engine, clock, threading.Event())
    aside.fails = True
    with pytest.raises(WorkError):
        watch.look()
    clock.move(600 * SECOND)
    watch.look()
    clock.move(3_000 * SECOND)
    with pytest.raises(WorkError):
        watch.look()
    assert aside.runs == 2
