"""Where nobody told ends any more, open deals are not lost ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY, HOUR, from_iso
from core.database import open_record, upsert, writing
from events.labels import label
from events.outcomes import CRM_LEAD, OUTCOME
from events.silence import silences

BEGAN = from_iso("2026-01-01")
WINDOW = 90


def _leads(days, seed=1, a_day=4, chance=0.02):
    """Leads of so many days, each of which closes with one `chance` on any later day."""
    dice = random.Random(seed)
    for day in range(days):
        for _ in range(a_day):
            age = next((age for age in range(1, 400) if dice.random() < chance), None)
            created = BEGAN + day * DAY + 9 * HOUR
            yield created, None if age is None else created + age * DAY


def _until(leads, day):
    """As an export of that day knows them: neither later leads nor later ends."""
    cut = BEGAN + day * DAY
    return [
        (since, at if at is not None and at < cut else None) for since, at in leads if since < cut
    ]


def test_an_old_export_is_silent_from_the_day_it_was_made():
    """Read years later, its newest leads are past their windows and were never asked again."""
    [found] = silences(_until(_leads(300), 200), WINDOW, BEGAN + 900 * DAY)

    assert abs(found.begin - (BEGAN + 200 * DAY)) <= 2 * DAY
    assert found.end == BEGAN + (199 + WINDOW) * DAY
    assert found.told == 0
    assert found.expected > 100


def test_a_feed_that_broke_is_silent_until_now():
    """Leads still come, ends do not."""
    cut = BEGAN + 200 * DAY
    leads = [(since, None if at and at >= cut else at) for since, at in _leads(260)]

    [found] = silences(leads, WINDOW, BEGAN + 260 * DAY)

    assert abs(found.begin - cut) <= 2 * DAY
    assert found.end == BEGAN + 260 * DAY


def test_leads_that_came_after_it_are_told_again():
    """An old export, and a live system years later: what lies between spoils the export alone."""
    live = [(since + 800 * DAY, at and at + 800 * DAY) for since, at in _leads(150, seed=2)]

    [found] = silences(_until(_leads(300), 200) + live, WINDOW, BEGAN + 1_000 * DAY)

    assert found.end < live[0][0]


@given(st.integers(0, 10_000), st.integers(20, 400), st.sampled_from([0.003, 0.02, 0.2]))
def test_a_crm_that_goes_on_telling_is_never_silent(seed, days, chance):
    """Neither while windows run nor when they are over: the older leads are, the fewer close."""
    leads = list(_leads(days, seed, a_day=2, chance=chance))

    for now in (days, days + WINDOW, days + 400):
        assert silences(_until(leads, now), WINDOW, BEGAN + now * DAY) == ()


@pytest.mark.parametrize(
    "leads",
    [
        [],
        [(BEGAN, None)] * 50,
        [(BEGAN + day * DAY, BEGAN + day * DAY + HOUR) for day in range(99)],
        [(BEGAN + day * DAY, BEGAN - 9 * DAY) for day in range(99)],
        [(0, None), (300_000 * DAY, 300_001 * DAY)],
    ],
)
def test_where_nothing_is_expected_nothing_is_missed(leads):
    """No lead, no end, ends on the first day or before it, and dates that cannot be."""
    assert silences(leads, WINDOW, BEGAN + 900 * DAY) == ()


def test_what_ran_in_a_silence_is_censored_even_where_it_was_won(tmp_path):
    """Winners alone would tell of quick deals only."""
    engine = open_record(tmp_path / "record.db")
    leads = _until(_leads(300), 200)
    with writing(engine) as connection:
        for at, (since, closed) in enumerate(leads):
            lead = {"crm_id": f"c{at}", "lead_id": f"l{at}", "created_at": since}
            upsert(CRM_LEAD, connection, [{**lead, "known_at": since, "owner": None}])
            deal = {"deal_id": f"d{at}", "crm_id": f"c{at}", "lead_id": f"l{at}", "won": True}
            if closed is not None:
                deal |= {"account_id": None, "value": 1.0, "closed_at": closed}
                upsert(OUTCOME, connection, [{**deal, "known_at": closed}])

    found = label(engine, WINDOW, BEGAN + 900 * DAY)

    [silence] = found.silences
    last = silence.begin - WINDOW * DAY
    assert {one.crm_id for one in found.known} == {
        f"c{at}" for at, (since, _) in enumerate(leads) if since // DAY * DAY <= last
    }
    assert found.censored == len(leads) - len(found.known)
