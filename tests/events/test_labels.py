"""A label is right to the day, or the model learns another question."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.clock import DAY, HOUR, SECOND, from_iso
from core.database import open_record, upsert, writing
from events.labels import Label, label
from events.outcomes import CRM_LEAD, OUTCOME

CREATED = from_iso("2026-03-10T15:00:00")
WINDOW_END = from_iso("2026-06-08")  # 90 days from the 10th of March are over


@pytest.fixture
def engine(tmp_path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def _lead(engine, crm_id="c1", created_at=CREATED):
    row = {"crm_id": crm_id, "lead_id": f"lead-{crm_id}", "created_at": created_at}
    with writing(engine) as connection:
        upsert(CRM_LEAD, connection, [{**row, "known_at": created_at, "owner": None}])


def _deal(engine, closed_at, won, crm_id="c1", name="d1", known_at=None, value=1.0):
    row = {"deal_id": name, "crm_id": crm_id, "lead_id": "lead-c1", "account_id": None}
    row |= {"won": won, "value": value, "closed_at": closed_at}
    with writing(engine) as connection:
        upsert(OUTCOME, connection, [{**row, "known_at": known_at or closed_at}])


@pytest.mark.parametrize(
    ("closed_at", "won"),
    [(WINDOW_END - 1, True), (WINDOW_END, False), (CREATED - 14 * HOUR, True)],
)
def test_the_window_ends_with_a_utc_day(engine, closed_at, won):
    """The window is the days d to d + 89 whole, whatever the hour of creation."""
    _lead(engine)
    _deal(engine, closed_at, won=True)

    assert [one.won for one in label(engine, 90, WINDOW_END + DAY).known] == [won]


def test_a_running_window_censors_winners_too(engine):
    """Counting early winners without later losers would tell an inflated win rate."""
    _lead(engine)
    _deal(engine, CREATED + DAY, won=True)

    running = label(engine, 90, WINDOW_END - 1)

    assert (running.known, running.censored) == ([], 1)
    assert len(label(engine, 90, WINDOW_END).known) == 1


def test_not_won_when_the_window_is_over_is_lost(engine):
    """A deal still open after the window did not win in it."""
    _lead(engine)

    assert label(engine, 90, WINDOW_END).known == [Label("c1", CREATED, False, None)]


def test_one_deal_won_of_several_wins(engine):
    """A first deal lost does not undo a second one won; the first closing is kept."""
    _lead(engine)
    _deal(engine, CREATED + DAY, won=False, name="d1", value=1.0)
    _deal(engine, CREATED + 2 * DAY, won=True, name="d2", value=20.0)

    [told] = label(engine, 90, WINDOW_END).known
    assert told == Label("c1", CREATED, True, CREATED + DAY, value=20.0)


def test_a_deal_without_crm_id_goes_by_its_lead(engine):
    """Some CRMs name only the person on a deal."""
    _lead(engine)
    _deal(engine, CREATED + DAY, won=True, crm_id=None)

    assert label(engine, 90, WINDOW_END).known[0].won


def test_an_outcome_not_yet_known_is_no_label(engine):
    """Labels are made from what was known at the moment of training."""
    _lead(engine)
    _deal(engine, CREATED + DAY, won=True, known_at=WINDOW_END + HOUR)

    assert not label(engine, 90, WINDOW_END).known[0].won
    assert label(engine, 90, WINDOW_END + HOUR).known[0].won


def test_moments_end_their_utc_day():
    """The prediction moment is the end of the day creation + 30."""
    assert Label("c1", CREATED, False, None).moment(30) == from_iso("2026-04-10") - 1
    assert Label("c1", CREATED, True, CREATED + SECOND).closed_by(CREATED + SECOND)


def test_an_end_is_known_by_the_first_closing_or_the_end_of_the_window():
    """A backtest of the last days takes the leads whose end became known in them."""
    assert Label("c1", CREATED, False, None).settled_at(90) == WINDOW_END
    assert Label("c1", CREATED, False, CREATED + DAY).settled_at(90) == CREATED + DAY
    assert Label("c1", CREATED, False, WINDOW_END + DAY).settled_at(90) == WINDOW_END
