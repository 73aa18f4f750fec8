"""What an edit of the rules is tried on must not have been learnt by heart."""

from __future__ import annotations

import random

import numpy as np
import pytest
import sqlalchemy as sa
from sklearn.metrics import roc_auc_score

from core.clock import DAY, FixedClock, from_iso
from core.database import open_record, upsert, writing
from events.identity.tables import PROFILE
from events.labels import Label
from events.outcomes import CRM_LEAD
from features.vector import FeatureVector, vector
from scoring import Scorer
from training.build import Built, build, write
from training.cases import cases
from training.dataset import Example

CREATED = from_iso("2026-01-05")
_EMPTY = vector("", None, None, None, 0).values
LEADS = 240


def _example(number: int, chance: random.Random) -> Example:
    """Features that say nothing: whoever finds a pattern in them has learnt it by heart."""
    told = Label(f"c{number}", CREATED, chance.random() < 0.5, None, 100.0)
    noise = {name: chance.random() for name in ("site_seconds_7d", "pricing_views_30d")}
    seen = FeatureVector(f"lead-{number}", None, told.moment(30), {**_EMPTY, **noise})
    return Example(told, 30, seen, f"account-{number}")


@pytest.fixture(scope="module")
def found() -> list[Example]:
    chance = random.Random(5)
    return [_example(number, chance) for number in range(LEADS)]


@pytest.fixture(scope="module")
def built(found: list[Example]) -> Built:
    return build(found[:200], 30, 7, FixedClock(CREATED).now())


@pytest.fixture
def scorer(built: Built, tmp_path) -> Scorer:
    write(built, tmp_path / "model", {})
    return Scorer.load(tmp_path / "model")


@pytest.fixture
def engine(tmp_path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def test_propensities_of_taught_leads_come_from_trees_that_never_saw_them(
    engine, found, built, scorer
):
    """Those of the model itself know the answers, and every edit would look good or bad by them."""
    told = cases(engine, found, found[:200], built, scorer, 90)

    assert [one.source for one in told] == ["out_of_fold"] * 200 + ["held_out"] * 40
    won = [one.won for one in told[:200]]
    by_heart = [score.propensity for score in scorer.score([one.vector for one in found[:200]])]
    assert roc_auc_score(won, [one.propensity for one in told[:200]]) < 0.6
    assert roc_auc_score(won, by_heart) > 0.6
    fresh = scorer.score([one.vector for one in found[200:]])
    assert np.allclose([one.propensity for one in told[200:]], [one.propensity for one in fresh])


def test_a_case_says_who_it_was_and_how_it_ended(engine, found, built, scorer):
    """Flips are named, and worth money."""
    [one] = cases(engine, found[:1], found[:200], built, scorer, 90)

    assert (one.lead_id, one.crm_id, one.won, one.value) == (
        "lead-0", "c0", found[0].label.won, 100.0
    )  # fmt: skip
    assert (one.moment, one.settled_at) == (found[0].vector.as_of, CREATED + 90 * DAY)
    assert one.values is found[0].vector.values


def test_owner_and_domain_are_those_known_by_then(engine, built, scorer, found):
    """An owner whom the CRM named later would route leads of the past by a word of the future."""
    early, late = found[200], found[201]
    mailed = Example(*early[:2], _with(early, email_kind="work"), early.group)
    rows = [("lead-200", early.vector.as_of, "rep-7"), ("lead-201", late.vector.as_of + 1, "rep-8")]
    with writing(engine) as connection:
        told = [
            {"crm_id": lead, "lead_id": lead, "created_at": 0, "known_at": at, "owner": owner}
            for lead, at, owner in rows
        ]
        upsert(CRM_LEAD, connection, told)
        people = [{"lead_id": lead, "person": {"email": "a@acme.com"}} for lead, _, _ in rows]
        upsert(PROFILE, connection, people)

    known, unknown = cases(engine, [mailed, late], found[:200], built, scorer, 90)

    assert (known.owner, known.email_domain) == ("rep-7", "acme.com")
    assert (unknown.owner, unknown.email_domain) == (None, None)


def _with(one: Example, **words: str) -> FeatureVector:
    seen = one.vector
    return FeatureVector(seen.lead_id, seen.account_id, seen.as_of, {**seen.values, **words})
