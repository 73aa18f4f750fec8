"""A running system trains by itself: aside, bounded, and told of in the metrics."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from core.database import open_record, writing
from core.errors import WorkError
from core.installation import Installation
from core.settings import Models, Settings
from scoring import retraining
from scoring.retraining import Decision
from serving.figures.retrain_figures import RetrainFigures
from serving.roles import deliver
from serving.watches.retrain_watch import RetrainWatch


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path).create()


def test_a_look_runs_the_command_and_keeps_what_it_said(installation: Installation) -> None:
    """Two looks, one after the other: the log of a night's failure is there in the morning."""
    open_record(installation.record_db).dispose()
    watch = RetrainWatch(installation, Models(), threading.Event())
    watch.look()
    watch.look()
    told = (installation.logs / "retrain.log").read_text()
    assert told.count("not now: no model was trained yet") == 2


def test_a_training_that_takes_too_long_is_ended(installation: Installation) -> None:
    """Else one that hangs would be the last."""
    open_record(installation.record_db).dispose()
    watch = RetrainWatch(installation, Models(retrain_most_s=0.001), threading.Event())
    with pytest.raises(WorkError, match=r"took longer than 0\.001 s"):
        watch.look()


def test_a_stop_ends_the_training_at_once(installation: Installation) -> None:
    """A system that is asked to stop does not wait two hours."""
    open_record(installation.record_db).dispose()
    stop = threading.Event()
    stop.set()
    RetrainWatch(installation, Models(), stop).look()
    assert "not now" not in (installation.logs / "retrain.log").read_text()


def test_a_setting_switches_it_off(installation: Installation) -> None:
    """Whoever has a scheduler of their own."""
    engine = open_record(installation.record_db)

    def names(settings: Settings) -> set[str]:
        timers = deliver._timers(installation, settings, engine, threading.Event())
        return {timer.name for timer in timers}

    assert "retrain" in names(Settings())
    assert "retrain" not in names(Settings(models=Models(retrain=False)))


def test_the_metrics_tell_the_last_decision(installation: Installation) -> None:
    """An alert on `failed` needs no log."""
    engine = open_record(installation.record_db)
    registry = CollectorRegistry()
    registry.register(RetrainFigures(engine))
    assert b"leadline_retrain_timestamp_seconds 0.0" in generate_latest(registry)
    with writing(engine) as connection:
        number = retraining.begin(connection, 1_000_000, "asked", 0)
        retraining.end(connection, number, 5_000_000, Decision.REFUSED, "1", "worse")
        retraining.begin(connection, 6_000_000, "asked", 0)
    told = generate_latest(registry).decode()
    assert "leadline_retrain_timestamp_seconds 5.0" in told
    assert 'leadline_retrain_decision{decision="refused"} 1.0' in told
    assert 'leadline_retrain_decision{decision="promoted"} 0.0' in told
