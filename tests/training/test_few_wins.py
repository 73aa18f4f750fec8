"""From the first won deal on there is a propensity, and it says how little it knows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import features.offline
from core.database import open_record
from core.installation import Installation
from core.settings import Models
from scoring import Scorer
from scoring.blend import NOTHING
from scoring.cases import files, read_cases
from signals.propensities import propensities
from tests.training.small_history import NOW, vectors, write_history
from training.evidence import read_evidence
from training.order import Order
from training.train import train


@pytest.fixture
def installation(tmp_path) -> Installation:
    return Installation(tmp_path).create()


@pytest.fixture
def engine(installation, monkeypatch) -> sa.Engine:
    monkeypatch.setattr(features.offline, "vectors", vectors)
    return open_record(installation.record_db)


def test_a_handful_of_wins_gives_the_rules_a_propensity(installation, engine, tmp_path):
    """Too few for any tree: the priority by the rules, on a line, shrunken to the win rate."""
    write_history(engine, shares=(0.0, 0.06))

    lines: list[str] = []
    order = Order(now=NOW, check_leakage=True)
    told = train(installation, engine, Models(), order, lines.append)

    assert "too few to teach trees" in lines[-1]
    assert told["shuffled_auc"] is None
    blend = told["blend"]
    assert 0 < blend["won"] <= NOTHING
    assert (blend["weight"], told["trees"], told["calibration"]) == (0, 1, "platt")
    assert set(told["baselines"]) == {"model", "rules"}
    assert told["baselines"]["model"] == told["baselines"]["rules"]
    scorer = Scorer.load(installation.releases / "lead_propensity-1")
    assert scorer.weight == 0
    found = read_cases(files(installation)[0])
    assert found is not None
    chances = found.table["propensity"].to_pylist()
    assert len(set(chances)) > 1
    assert sum(chances) / len(chances) == pytest.approx((blend["won"] + 0.5) / 129, rel=0.5)
    (tmp_path / "evidence").mkdir()
    card = (read_evidence(installation, "1", tmp_path / "evidence").folder / "card.md").read_text()
    assert f"Taught by {blend['won']} leads won" in card


def test_with_some_wins_trees_and_rules_share(installation, engine):
    """The figures beside each other: what is served, its trees, a scorecard, the rules."""
    write_history(engine, 400, shares=(0.02, 0.2))

    told = train(installation, engine, Models(trials=0), Order(now=NOW))

    assert 0 < told["blend"]["weight"] < 1
    assert set(told["baselines"]) == {"model", "trees", "scorecard", "rules"}
    scorer = Scorer.load(installation.releases / "lead_propensity-1")
    found = read_cases(files(installation)[0])
    assert found is not None
    [row] = (
        found.table.filter(found.table["propensity_source"].to_numpy() == "held_out")
        .slice(0, 1)
        .to_pylist()
    )
    [seen] = vectors(None, None, [_ask(row["crm_id"], row["moment"])])
    assert propensities(engine, scorer, [seen]) == [pytest.approx(row["propensity"])]
    assert scorer.score([seen])[0].propensity != pytest.approx(row["propensity"], rel=1e-6)


def _ask(crm_id, moment):
    from events.types import Identifier, IdentifierKind
    from features.offline import Ask

    return Ask(Identifier(IdentifierKind.CRM_ID, crm_id), moment)
