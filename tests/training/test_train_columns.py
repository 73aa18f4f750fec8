"""A CRM without events: a model of its columns alone, and what must not teach it."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa

import features.offline
from core.clock import DAY, from_iso
from core.database import open_record, upsert, writing
from core.errors import DefinitionError, WorkError
from core.installation import Installation
from core.settings import Models
from events.attributes import CRM_VALUE, Column, ColumnKind, declare, key_of
from events.outcomes import CRM_LEAD, OUTCOME
from features.vector import FeatureVector, vector
from scoring import Scorer, registry
from scoring.card import read_card
from training.order import Order
from training.train import train

CREATED = from_iso("2026-01-05")
NOW = from_iso("2026-06-01")
LEADS = 200
COLUMNS = {
    "crm_plan": Column("crm_plan", ColumnKind.WORD, "Plan"),
    "crm_seats": Column("crm_seats", ColumnKind.NUMBER, "Seats"),
    "crm_loss_reason": Column("crm_loss_reason", ColumnKind.WORD, "Loss Reason"),
}
_EMPTY = vector("", None, None, None, 0).values


def _vectors(_installation, _engine, asks):
    """No event was ever sent: the features say nothing."""
    return [FeatureVector(f"l-{ask.identifier.value}", None, ask.moment, {**_EMPTY})
            for ask in asks]  # fmt: skip


@pytest.fixture
def installation(tmp_path) -> Installation:
    return Installation(tmp_path).create()


@pytest.fixture
def engine(installation, monkeypatch) -> sa.Engine:
    """Seats tell something, plans a little, the loss reason everything."""
    import msgspec

    monkeypatch.setattr(features.offline, "vectors", _vectors)
    engine = open_record(installation.record_db)
    chance = random.Random(8)
    leads, deals, told = [], [], []
    for number in range(LEADS):
        name, at = f"c{number}", CREATED + number % 30 * DAY
        seats = chance.randrange(20)
        won = chance.random() < (0.75 if seats > 9 else 0.2)
        lead = {"crm_id": name, "lead_id": f"l-{name}", "created_at": at, "known_at": at}
        leads.append({**lead, "owner": None})
        deal = {"deal_id": name, "crm_id": name, "lead_id": f"l-{name}", "account_id": None}
        closed = at + 50 * DAY
        deals.append({**deal, "won": won, "value": 1.0, "closed_at": closed, "known_at": closed})
        values = {"crm_plan": chance.choice(["trial", "paid"]), "crm_seats": seats}
        if not won:
            values["crm_loss_reason"] = chance.choice(["price", "timing"])
        key = key_of(installation.secret(), name)
        told.append({"key": key, "known_at": at, "told": msgspec.msgpack.encode(values)})
    with writing(engine) as record:
        declare(record, {name: (one, {}) for name, one in COLUMNS.items()}, NOW)
        upsert(CRM_LEAD, record, leads)
        upsert(OUTCOME, record, deals)
        upsert(CRM_VALUE, record, told)
    return engine


def test_a_leak_is_named_and_left_out_and_the_rest_is_learnt(installation, engine):
    """From the columns alone, with the passport saying what was kept from the model and why."""
    heard: list[str] = []
    told = train(installation, engine, Models(), Order(now=NOW), heard.append)

    line, _ = heard  # the other one tells how much is left to the rules
    assert line.startswith("left out: Loss Reason (crm_loss_reason, AUC ")
    assert [leak["name"] for leak in told["left_out"]] == ["crm_loss_reason"]
    assert 0.65 < told["cross_validated"]["auc"] < 0.9
    assert told["test"]["auc_low"] < told["test"]["auc"] < told["test"]["auc_high"]

    folder = installation.releases / "lead_propensity-1"
    card = read_card(folder)
    assert card.taught is not None
    assert card.taught.label["window_days"] == 90
    assert [leak.title for leak in card.taught.left_out] == ["Loss Reason"]
    client = registry.open_registry(installation)
    run = client.get_run(registry.versions(client)[0]["run_id"])
    assert run.data.params["left_out"] == "crm_loss_reason"
    assert run.data.params["label_fingerprint"] == card.taught.label_fingerprint

    scorer = Scorer.load(folder)
    assert {"crm_seats"} <= scorer.columns <= {"crm_seats", "crm_plan"}
    few, many, none, odd = scorer.score(
        [
            FeatureVector("l", None, NOW, {**_EMPTY, **values})
            for values in (
                {"crm_seats": 2.0},
                {"crm_seats": 18.0},
                {},
                {"crm_seats": "18", "crm_plan": "a new one"},
            )
        ]
    )
    assert few.propensity < none.propensity < many.propensity
    assert odd == none  # a word in place of a number, and a word never seen, are missing

    kept = train(installation, engine, Models(), Order(now=NOW, keep=("loss reason",)))
    assert kept["kept"] == ["crm_loss_reason"]
    assert kept["test"]["auc"] > 0.95


def test_a_leak_may_stop_the_run(installation, engine):
    """For whoever wants to look first: every column with its reasons, nothing registered."""
    with pytest.raises(WorkError, match="look like leakage") as stopped:
        train(installation, engine, Models(), Order(now=NOW, drop_leaks=False))

    assert "Loss Reason" in str(stopped.value.problems[0])
    assert not registry.store(installation).exists()


def test_a_column_to_keep_has_to_exist(installation, engine):
    """A typing error would otherwise drop what somebody meant to keep."""
    with pytest.raises(DefinitionError) as refused:
        train(installation, engine, Models(), Order(now=NOW, keep=("Los Reason",)))

    assert "did you mean 'loss reason'?" in str(refused.value.problems[0])


def test_undecided_leads_can_be_left_out(installation, engine):
    """Where open deals outlive every window, they are no losses."""
    with writing(engine) as record:
        record.execute(sa.delete(OUTCOME).where(OUTCOME.c.deal_id.in_(["c1", "c2"])))
    censored = Models(undecided="censored")
    told = train(installation, engine, censored, Order(now=NOW, promote=False))

    assert told["labels"] == {"known": LEADS - 2, "censored": 2}
