"""Drift: told by features, by the score, and by how leads ended since."""

from __future__ import annotations

import pytest

import features.offline
import training.drift
from core.clock import DAY
from core.database import open_record
from core.errors import WorkError
from core.installation import Installation
from core.settings import Models, Settings
from events.types import Identifier, IdentifierKind
from features.health import Health, Report
from features.health_sample import Sample
from features.offline import Ask
from scoring.cases import files, read_cases
from tests.training.small_history import NOW, vectors, write_history
from training.commands.drift import _tell
from training.commands.installed import Installed
from training.drift import look
from training.order import Order
from training.train import train


def _health(name, moved):
    return Health(name, "lead", None, None, 0.0, moved, "")


def held_out(installation):
    """The numbers of the leads that training held out."""
    (file,) = files(installation)
    rows = read_cases(file).table.to_pylist()
    return [int(row["crm_id"][1:]) for row in rows if row["propensity_source"] == "held_out"]


def test_each_sign_of_drift_is_told(tmp_path, monkeypatch):
    """The same people: no drift. Only such as look at prices: the score has moved much. Leads that
    ended since are judged as they ended, by a model that did not know them.
    """
    monkeypatch.setattr(features.offline, "vectors", vectors)
    installation = Installation(tmp_path).create()
    installed = Installed(installation, Settings(), open_record(installation.record_db))
    with pytest.raises(WorkError, match="no model is in force"):
        look(installed, NOW)
    write_history(installed.engine, 200)
    train(installation, installed.engine, Models(trials=0), Order(now=NOW))

    def sample(numbers):
        asks = [Ask(Identifier(IdentifierKind.CRM_ID, f"c{one}"), NOW) for one in numbers]
        return Sample("served", vectors(None, None, asks))

    found = [_health("seniority", 0.02), _health("pricing_views_30d", 0.4), _health("calls_7d", 9)]
    report = Report(NOW, "served", 200, "lead_propensity-1", 160, found)
    monkeypatch.setattr(training.drift, "look_at_features", lambda *_: report)
    monkeypatch.setattr(training.drift, "sample_vectors", lambda *_: sample(held_out(installation)))
    told = look(installed, NOW)
    assert told.features == {"pricing_views_30d": 0.4, "seniority": 0.02}
    assert told.moved == ("pricing_views_30d",)
    assert told.score is not None
    assert told.score < 0.01
    assert told.then["rows"] == 40
    assert told.fresh == {"rows": 0, "won": 0}
    assert "ended since: 0 leads, 0 won: too few to tell" in _tell(told)

    monkeypatch.setattr(training.drift, "sample_vectors", lambda *_: sample(range(1, 200, 2)))
    write_history(installed.engine, 300)
    later = look(installed, NOW + DAY)
    assert later.score is not None
    assert later.score > 0.25
    assert later.fresh["rows"] == 100
    assert later.fresh["auc"] > 0.8
    assert "ended since: 100 leads, AUC 0." in _tell(later)
