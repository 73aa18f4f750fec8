"""Which moments teach: declared in the settings, known when they came, a lead's weight bounded."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import features.offline
from core.clock import DAY, HOUR
from core.database import open_record, upsert, writing
from core.installation import Installation
from core.settings import Models
from events.crm_leads import opened
from events.identity.tables import LEAD_MERGE
from events.labels import definition, label
from events.stages import CRM_STAGE
from signals.tables import OUTBOX, SIGNAL
from tests.training.small_history import CREATED, NOW, vectors, write_history
from training.build import build
from training.dataset import OTHER_AGES_WEIGHT, examples_at, teaching, weight_of
from training.moments import MOST_TURNS, Moment, moments
from training.shuffled import shuffled_auc
from training.split import split

ALL = Models(at_stages=True, at_signals=True)


@pytest.fixture
def engine(tmp_path, monkeypatch) -> sa.Engine:
    monkeypatch.setattr(features.offline, "vectors", vectors)
    Installation(tmp_path).create()
    engine = open_record(tmp_path / "record.db")
    write_history(engine, 60, (0.2, 0.8))
    return engine


def _stage(engine, number: int, at: int, lead_id: str | None = None, crm_id: str | None = None):
    row = {"lead_id": lead_id or f"lead-{number}", "known_at": at, "crm_id": crm_id}
    with writing(engine) as connection:
        upsert(CRM_STAGE, connection, [row])


def _signal(engine, number: int, at: int, kind: str = "lead.hot", state: str = "delivered"):
    name = f"{kind}-{number}-{at}"
    row = {"id": name, "type": kind, "lead_id": f"lead-{number}", "account_id": None}
    sent = {"signal_id": name, "destination": "console", "state": state, "next_at": at}
    with writing(engine) as connection:
        connection.execute(sa.insert(SIGNAL), {**row, "owner": None, "at": at, "body": b""})
        connection.execute(sa.insert(OUTBOX), {**sent, "attempts": 1, "error": ""})


def _asked(engine, models: Models = ALL, now: int = NOW) -> list[Moment]:
    return moments(engine, label(engine, models.label_days, now).known, definition(models), now)


def _turns(engine, models: Models = ALL, now: int = NOW) -> list[tuple[str, int, int]]:
    found = _asked(engine, models, now)
    return [(one.label.crm_id, one.at, one.turn) for one in found if one.age is None]


def _found(engine, tmp_path, models: Models = ALL):
    return examples_at(Installation(tmp_path), engine, _asked(engine, models))


def test_only_what_the_settings_declare_teaches(engine):
    """A stage and a signal each by its own setting; by default ages alone."""
    _stage(engine, 1, CREATED + 2 * DAY)
    _signal(engine, 2, CREATED + 5 * DAY)

    assert _turns(engine, Models()) == []
    assert _turns(engine, Models(at_stages=True)) == [("c1", CREATED + 2 * DAY, 1)]
    assert _turns(engine, Models(at_signals=True)) == [("c2", CREATED + 5 * DAY, 1)]
    assert len(_turns(engine)) == 2


def test_the_fingerprint_tells_the_moments(engine):
    """And it changes only with the definition: two models with one were asked the same."""
    before = definition(Models())

    assert before.fingerprint == "587c72ccd742ffe8"
    told = {definition(one).fingerprint for one in (Models(at_stages=True), ALL)}
    assert len(told | {before.fingerprint}) == 3


def test_a_signal_teaches_where_it_reached_somebody_of_an_open_lead(engine):
    """One that waits was seen by nobody, and the end of a deal is no moment before it."""
    at = CREATED + 5 * DAY
    _signal(engine, 1, at, state="waiting")
    _signal(engine, 1, at + 1, state="undeliverable")
    _signal(engine, 1, at + 2, kind="outcome.won")
    _signal(engine, 1, at + 3, kind="lead.cooled")

    assert _turns(engine) == [("c1", at + 3, 1)]


def test_moments_lie_in_the_label_window_and_in_the_past(engine):
    """Before the creation, or once the window is over, the label answers another question."""
    created = CREATED + DAY  # of c1, at midnight
    for at in (created - 1, created, created + 90 * DAY - 1, created + 90 * DAY):
        _stage(engine, 1, at)

    assert _turns(engine) == [("c1", created, 1), ("c1", created + 90 * DAY - 1, 2)]
    running = label(engine, 90, created + 90 * DAY - 1).known
    assert "c1" not in {one.crm_id for one in running}  # censored, with all its moments


def test_a_stage_and_the_signal_it_caused_are_one_moment(engine):
    """Else the same row would teach twice."""
    _stage(engine, 1, CREATED + 2 * DAY)
    _signal(engine, 1, CREATED + 2 * DAY)
    _signal(engine, 1, CREATED + 3 * DAY)

    assert _turns(engine) == [("c1", CREATED + 2 * DAY, 1), ("c1", CREATED + 3 * DAY, 2)]


def test_features_are_those_of_the_moment_itself(engine, tmp_path):
    """Not of the end of its day: somebody saw them then."""
    at = CREATED + 4 * DAY + 3 * HOUR
    _stage(engine, 1, at)

    [one] = [one for one in _found(engine, tmp_path) if one.age is None]

    assert (one.vector.as_of, one.vector.lead_id, one.turn) == (at, "lead-1", 1)


def test_what_came_later_changes_nothing_at_an_earlier_moment(engine, tmp_path):
    """A later stage, signal or merge leaves moment, features, group and weight as they were."""
    at = CREATED + 4 * DAY
    _stage(engine, 1, at)
    before = [(one, weight_of(one, 30)) for one in _found(engine, tmp_path)]

    for later in range(1, 5):
        _stage(engine, 1, at + later * DAY)
        _signal(engine, 1, at + later * DAY + 1)
    after = [(one, weight_of(one, 30)) for one in _found(engine, tmp_path)]

    assert [told for told in after if told[0].turn <= 1] == before
    assert len(after) == len(before) + 8


def test_a_lead_counts_for_no_more_than_one_other_age_however_many_moments(engine, tmp_path):
    """A lead that is told of every day would teach for thirty, and take as long to read."""
    for hours in range(100):
        _stage(engine, 1, CREATED + 2 * DAY + hours * HOUR)

    weights = [weight_of(one, 30) for one in _found(engine, tmp_path) if one.turn]

    assert len(weights) == MOST_TURNS
    assert weights == sorted(weights, reverse=True)
    assert 0.9 * OTHER_AGES_WEIGHT < sum(weights) < OTHER_AGES_WEIGHT


def test_a_stage_of_somebody_else_then_is_left_out(engine, tmp_path):
    """At that moment nobody knew that the visitor was the CRM's lead: its features are not his."""
    merge = {"absorbed": "visitor", "survivor": "lead-1"}
    missing = {
        column.name: CREATED + 9 * DAY if isinstance(column.type, sa.BigInteger) else "x"
        for column in LEAD_MERGE.columns
        if column.name not in merge and not column.nullable
    }
    with writing(engine) as connection:
        connection.execute(sa.insert(LEAD_MERGE), {**merge, **missing})
        assert opened(connection, NOW).heirs == {"visitor": "lead-1"}
    _stage(engine, 1, CREATED + 4 * DAY, lead_id="visitor")
    _stage(engine, 1, CREATED + 10 * DAY)

    assert [one.vector.as_of for one in _found(engine, tmp_path) if one.turn] == [
        CREATED + 10 * DAY
    ]


def test_only_open_leads_teach_at_a_stage(engine, tmp_path):
    """Nobody scores a lead whose deal has ended; one that is known only later was open."""
    closed_at = CREATED + DAY + 50 * DAY
    for at in (closed_at - 1, closed_at, closed_at + 1):
        _stage(engine, 1, at)

    lessons = teaching(_found(engine, tmp_path), 30)

    assert [one.vector.as_of for one in lessons if one.turn] == [closed_at - 1]


def test_a_lead_is_on_one_side_with_all_its_moments_and_tested_at_the_evaluated_age(
    engine, tmp_path
):
    """Else a lead would be asked what it has taught."""
    for number in range(60):
        _stage(engine, number, CREATED + number % 30 * DAY + 30 * DAY)

    parts = split(_found(engine, tmp_path), None, 30)

    assert {one.age for one in parts.test} == {30}
    assert not {one.group for one in parts.test} & {one.group for one in parts.teach}
    taught = [one.label.crm_id for one in parts.teach if one.turn]
    assert set(taught) == {one.label.crm_id for one in parts.teach}


def test_shuffled_ends_stay_unknown_with_many_moments_a_lead(engine, tmp_path, monkeypatch):
    """Moments of one lead share its fold, or its end would be read from its own rows."""
    for number in range(60):
        for hour in range(8):
            _stage(engine, number, CREATED + number % 30 * DAY + (30 + hour) * HOUR)

    lessons = teaching(_found(engine, tmp_path), 30)
    built = build(lessons, 30, 7, NOW)

    assert 0.2 < shuffled_auc(built.table, 7) < 0.8
    assert built.table.ends() == (
        len({one.label.crm_id for one in lessons if one.label.won}),
        len({one.label.crm_id for one in lessons if not one.label.won}),
    )
