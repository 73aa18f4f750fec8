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
from features.health_sample import Sample
from features.offline import Ask
from features.profile import read_profile
from scoring.cases import files, read_cases
from tests.training.small_history import NOW, vectors, write_history
from training.commands.drift import _tell
from training.commands.installed import Installed
from training.drift import look
from training.drift_plot import draw
from training.order import Order
from training.train import train


def sample(numbers, age=30.5):
    """These leads, all as old as that."""
    asks = [Ask(Identifier(IdentifierKind.CRM_ID, f"c{one}"), NOW) for one in numbers]
    told = vectors(None, None, asks)
    for one in told:
        one.values["lead_age_days"] = age
    return Sample("served", told)


def held_out(installation):
    """The numbers of the leads that training held out."""
    (file,) = files(installation)
    kept = read_cases(file)
    assert kept is not None
    rows = kept.table.to_pylist()
    return [int(row["crm_id"][1:]) for row in rows if row["propensity_source"] == "held_out"]


def test_each_sign_of_drift_is_told(tmp_path, monkeypatch):
    """The same people: no drift. Only such as look at prices: they and the score have moved much.
    Leads that ended since are judged as they ended, by a model that did not know them.
    """
    monkeypatch.setattr(features.offline, "vectors", vectors)
    installation = Installation(tmp_path).create()
    installed = Installed(installation, Settings(), open_record(installation.record_db))
    with pytest.raises(WorkError, match="no model is in force"):
        look(installed, NOW)
    write_history(installed.engine, 400)
    train(installation, installed.engine, Models(trials=0), Order(now=NOW))
    profile = read_profile(installation.releases / "lead_propensity-1")
    assert profile is not None
    assert set(profile.ages) == {0, 7, 14, 30}  # at 60 days all had ended

    def take(numbers, **named):
        monkeypatch.setattr(training.drift, "sample_vectors", lambda *_: sample(numbers, **named))

    take(held_out(installation))
    same = look(installed, NOW)
    assert set(same.features) == {"pricing_views_30d", "seniority"}
    assert (same.moved, same.compared) == ((), 80)
    assert same.score is not None
    assert same.score_chance is not None
    assert same.score < 0.01 < same.score_chance
    assert same.then["rows"] == 80
    assert same.fresh == {"rows": 0, "won": 0}
    assert "ended since: 0 leads, 0 won: too few to tell" in _tell(same)

    take(held_out(installation), age=40)
    assert look(installed, NOW).features == {}  # nobody near that age was taught

    take(range(1, 400, 2))
    write_history(installed.engine, 600)
    later = look(installed, NOW + DAY)
    assert later.moved == ("pricing_views_30d",)
    assert later.score is not None
    assert later.score > 0.25
    assert later.fresh["rows"] == 200
    assert later.fresh["auc"] > 0.8
    assert abs(later.fresh["won"] - later.fresh["expected_won"]) < 4 * later.fresh["expected_error"]
    assert "ended since: 200 leads, AUC 0." in _tell(later)
    draw(tmp_path / "drift.png", later)
    assert (tmp_path / "drift.png").read_bytes()[:4] == b"\x89PNG"
