"""Drift becomes a signal, once a crossing, on each database that the record may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import training.tell_drift
from core import release
from core.clock import DAY
from core.database import metadata, open_record, reading, writing
from core.installation import Installation
from core.settings import Models, Settings
from rules import load_catalog, read_catalog
from scoring import drifting, retraining
from scoring.retraining import Decision
from signals import outbox, read
from training.commands.installed import Installed
from training.drift import Drift
from training.due import due, standing
from training.tell_drift import tell

NOW = 20_000 * DAY


@pytest.fixture(params=["sqlite", "postgres"])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installed]:
    url: Path | str = tmp_path / "record.db"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        query = {"host": str(server["host"]), "port": str(server["port"])}
        made = sa.URL.create(
            "postgresql+psycopg", server["user"], database=server["database"], query=query
        )
        url = made.render_as_string(hide_password=False)
    record = open_record(url)
    yield Installed(Installation(tmp_path), Settings(), record)
    metadata.drop_all(record)
    record.dispose()


def drift(**features: float) -> Drift:
    return Drift(
        champion="3", vectors=9, source="served", features=features, score=None, fresh={}, then={}
    )


def told(installed: Installed) -> list[dict[str, object]]:
    """All signals of that type, oldest first."""
    with reading(installed.engine) as connection:
        return list(reversed(read.page(connection, type="model.drift")["signals"]))


def test_a_crossing_is_told_once_and_the_next_one_again(installed: Installed) -> None:
    """A look each day must not call each day; and what calls must say what to do."""
    assert tell(installed, drift(calls_7d=0.2), NOW).signal is None
    first = tell(installed, drift(calls_7d=0.4, emails_7d=0.2), NOW + 1)
    assert first.signal is not None
    assert tell(installed, drift(calls_7d=0.5, emails_7d=0.2), NOW + 2).signal is None
    second = tell(installed, drift(calls_7d=0.5, emails_7d=0.3), NOW + 3)
    assert second.signal is not None
    assert tell(installed, drift(calls_7d=0.1, emails_7d=0.1), NOW + 4).alarms == []
    third = tell(installed, drift(calls_7d=0.4), NOW + 5)
    assert third.signal is not None

    events = told(installed)
    assert [one["id"] for one in events] == [
        one.signal.id for one in (first, second, third) if one.signal
    ]
    assert len({one["id"] for one in events}) == 3
    assert {one["subject"] for one in events} == {"model/lead_propensity-3"}
    data = events[1]["data"]
    assert isinstance(data, dict)
    assert data["model"] == {"name": "lead_propensity", "version": "3"}
    assert data["text"] == "emails_7d has moved, PSI 0.30"
    assert [(one["name"], one["new"]) for one in data["alarms"]] == [
        ("calls_7d", False), ("emails_7d", True)
    ]  # fmt: skip
    assert "leadline retrain --force" in data["do"]
    assert data["route"]["rule"] == "whoever_runs_the_models"
    with reading(installed.engine) as connection:
        due_now = outbox.due(connection, NOW + 9, 10)
    assert [one.destination for one in due_now] == ["console"] * 3
    assert json.loads(due_now[0].body)["type"] == "model.drift"


def test_what_dies_on_the_way_has_told_nothing(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crossing would be kept as told that nobody ever heard of."""

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(drifting, "write", die)
        with pytest.raises(KeyboardInterrupt):
            tell(installed, drift(calls_7d=0.4), NOW)
    assert told(installed) == []
    first = tell(installed, drift(calls_7d=0.4), NOW + 1)
    assert first.signal is not None
    assert len(told(installed)) == 1


def test_a_cooldown_of_the_catalog_holds_back_and_forgets_nothing(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What crosses meanwhile is told at the first look after it."""
    files = dict(read_catalog())
    place = files["priority.yaml"].index("lead.cooled:")
    files["priority.yaml"] = (
        files["priority.yaml"][:place] + "model.drift: 2d\n  " + files["priority.yaml"][place:]
    )
    rulebook = load_catalog(files)
    monkeypatch.setattr(training.tell_drift, "rules_in_force", lambda _: rulebook)
    assert tell(installed, drift(calls_7d=0.4), NOW).signal is not None
    held = tell(installed, drift(calls_7d=0.4, emails_7d=0.4), NOW + DAY)
    assert held.signal is None
    assert len(held.alarms) == 2
    later = tell(installed, drift(calls_7d=0.4, emails_7d=0.4), NOW + 2 * DAY)
    assert later.signal is not None
    assert later.signal.data["text"] == "emails_7d has moved, PSI 0.40"


def test_drift_is_a_cause_to_train_until_a_model_was_judged(installed: Installed) -> None:
    """A training learns what has moved; a second one of the same leads would learn nothing more."""
    release.make(installed.engine, NOW, "test", model_name="lead_propensity", model_version="3")
    models = Models()

    def is_due(at: int, models: Models = models) -> tuple[bool, str]:
        return due(standing(installed.installation, installed.engine, models), models, at)

    with writing(installed.engine) as connection:
        number = retraining.begin(connection, NOW, "first", 0)
        retraining.end(connection, number, NOW, Decision.PROMOTED, "3", "")
    # Its files are not here, which would be another cause.
    installed.installation.releases.mkdir(parents=True)
    asked = standing(installed.installation, installed.engine, models)
    assert asked.drift == ""

    tell(installed, drift(calls_7d=0.3), NOW + 1)
    asked = standing(installed.installation, installed.engine, models)
    assert asked.drift == "champion 3 has drifted (calls_7d)"
    assert "has drifted" in is_due(NOW + 2)[1]
    for setting in (None, 0.5):
        other = Models(retrain_psi=setting)
        assert standing(installed.installation, installed.engine, other).drift == ""

    with writing(installed.engine) as connection:
        number = retraining.begin(connection, NOW + 3, "drift", 0)
        retraining.end(connection, number, NOW + 4, Decision.CHALLENGER, "4", "not surely better")
    tell(installed, drift(calls_7d=0.3), NOW + 5)
    assert standing(installed.installation, installed.engine, models).drift == ""
    tell(installed, drift(calls_7d=0.3, emails_7d=0.4), NOW + 6)
    assert standing(installed.installation, installed.engine, models).drift != ""
