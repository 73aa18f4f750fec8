"""Which leads an edit is tried on, and whose propensities they have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

import features.offline
from core.clock import DAY, from_iso
from core.database import open_record, upsert, writing
from core.errors import WorkError
from core.installation import Installation
from core.release import Release
from core.settings import Models
from events.outcomes import CRM_LEAD, OUTCOME
from features.offline import Ask
from features.vector import FeatureVector, vector
from scoring.cases import Origin, write_cases
from signals.backtest.past import Past, past
from tests.signals.past_fakes import case

CREATED = from_iso("2026-01-05")
NOW = from_iso("2026-06-01")
_EMPTY = vector("", None, None, None, 0).values


def _vectors(_: object, __: object, asks: Sequence[Ask]) -> list[FeatureVector | None]:
    """The lake: whoever is called c9 was known by nobody."""
    return [
        None
        if ask.identifier.value == "c9"
        else FeatureVector(f"lead-{ask.identifier.value[1:]}", "acme", ask.moment, _EMPTY)
        for ask in asks
    ]


@pytest.fixture
def engine(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.setattr(features.offline, "vectors", _vectors)
    return open_record(installation.record_db)


def _known(engine: sa.Engine, numbers: Sequence[int], *, won: bool = True) -> None:
    leads, deals = [], []
    for number in numbers:
        lead = {"crm_id": f"c{number}", "lead_id": f"lead-{number}"}
        leads.append({**lead, "created_at": CREATED, "known_at": CREATED, "owner": None})
        closed = CREATED + 50 * DAY
        deals.append(
            {**lead, "deal_id": f"d{number}", "account_id": None, "won": won, "value": 9.0,
             "closed_at": closed, "known_at": closed}
        )  # fmt: skip
    with writing(engine) as connection:
        upsert(CRM_LEAD, connection, leads)
        upsert(OUTCOME, connection, deals)


def _past(installation: Installation, engine: sa.Engine, days: int = 365) -> Past:
    release = Release(1, 1, "lead_propensity", "2")
    return past(installation, engine, Models(), release, NOW, days)


def _write(installation: Installation, version: str, numbers: Sequence[int]) -> Path:
    origin = Origin(
        model="lead_propensity", version=version, made_at=0, moment_days=30, label_days=90
    )
    told = [case(number, won=True, chance=0.5) for number in numbers]
    return write_cases(installation, origin, told)


def test_without_a_model_they_are_read_from_the_lake(installation, engine):
    """Rules come first: an edit can be tried before anything was ever trained."""
    _known(engine, [1, 9])

    told = _past(installation, engine)

    [row] = told.table.to_pylist()
    assert (row["crm_id"], row["won"], row["value"]) == ("c1", True, 9.0)
    assert (row["propensity"], row["propensity_source"]) == (None, "none")
    assert row["moment"] == CREATED + 31 * DAY - 1
    assert "rules alone" in told.notes[0]


def test_the_file_of_the_model_in_force_is_taken(installation, engine):
    """Version 3 was trained and not promoted: its propensities are not those that serve."""
    _known(engine, [1])
    _write(installation, "2", [1])
    _write(installation, "3", [1])

    told = _past(installation, engine)

    assert told.origin.version == "2"
    assert told.table.num_rows == 1
    assert told.notes == ()


def test_another_version_is_taken_when_there_is_none_of_that_in_force_and_it_says_so(
    installation, engine
):
    """Training wrote no file before there were any, or the disk was full."""
    _known(engine, [1])
    _write(installation, "3", [1])

    told = _past(installation, engine)

    assert told.origin.version == "3"
    assert "version 3, which is not in force" in told.notes[0]


def test_leads_whose_end_became_known_since_training_are_added(installation, engine):
    """Otherwise the newest outcomes would wait for the next training."""
    _write(installation, "2", [1])
    _known(engine, [1, 2])

    told = _past(installation, engine)

    rows = {row["crm_id"]: row for row in told.table.to_pylist()}
    assert set(rows) == {"c1", "c2"}
    assert rows["c1"]["propensity"] == 0.5
    assert rows["c2"]["propensity_source"] == "none", "the model's own files are not there"
    assert "files are gone" in told.notes[0]


def test_how_a_lead_ended_is_what_the_crm_says_today(installation, engine):
    """A deal that was opened again, or a lead that was erased, is no win of the past."""
    _write(installation, "2", [1, 2])
    _known(engine, [1], won=False)

    [row] = _past(installation, engine).table.to_pylist()

    assert (row["crm_id"], row["won"], row["propensity"]) == ("c1", False, 0.5)
    assert row["settled_at"] == CREATED + 50 * DAY


def test_only_ends_of_the_last_days_count(installation, engine):
    """Closed on day 50 after the 5th of January, so 97 days before the 1st of June."""
    _known(engine, [1])

    assert _past(installation, engine, days=98).table.num_rows == 1
    with pytest.raises(WorkError, match="in the last 96 days") as told:
        _past(installation, engine, days=96)
    assert "2026-02-24" in told.value.do


def test_without_any_known_end_it_says_what_to_do(installation, engine):
    with pytest.raises(WorkError, match="no lead has an end that is known") as told:
        _past(installation, engine)
    assert "outcomes" in told.value.do
