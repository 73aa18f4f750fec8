"""Priority and bands: the formula, hysteresis, and the bars the starter catalog meets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import Rulebook, RuleReport, load_catalog, read_catalog

BOOK = load_catalog(read_catalog())
CHANCES = st.one_of(st.none(), st.floats(0, 1))
REPORTS = st.builds(
    RuleReport,
    fit_points=st.integers(0, 100),
    grade=st.just("A"),
    intent_points=st.integers(0, 100),
    negative_points=st.integers(-100, 0),
    suppressed=st.booleans(),
    by=st.just(()),
    mqa=st.just(False),
    hits=st.just(()),
    failed=st.just(()),
)
TARGET: dict[str, Any] = {
    "email_kind": "work",
    "industry": "manufacturing",
    "employee_band": "200-499",
}
BROWSED: dict[str, Any] = {
    "pricing_views_1d": 1, "pricing_views_7d": 1, "demo_views_1d": 1, "demo_views_7d": 1,
    "page_views_1d": 2, "page_views_7d": 2, "sessions_7d": 1, "days_since_engagements": 0.01,
}  # fmt: skip
ASKED: dict[str, Any] = {"form_submits_1d": 1, "form_submits_7d": 1, "form_submits_30d": 1}


def band(facts: dict[str, Any], propensity: float | None, before: str | None = None) -> str:
    report = BOOK.evaluate([facts])[0]
    return BOOK.band(BOOK.priority(report, propensity), before)


@given(st.one_of(st.none(), st.floats(0.03, 1)))
def test_a_target_companys_visitor_who_asks_is_hot(propensity: float | None) -> None:
    """Pricing, demo page and a form within the hour: no model has to agree."""
    assert band(TARGET | BROWSED | ASKED, propensity) == "hot"


@given(CHANCES)
def test_a_nameless_visitor_who_only_looks_is_not_hot(propensity: float | None) -> None:
    """Without a form and a known company there is nobody to call."""
    assert band(BROWSED, propensity) != "hot"


@given(CHANCES)
def test_fit_alone_is_not_hot(propensity: float | None) -> None:
    """The best company in the world that does nothing is not in a hurry."""
    best = {"region": "US", "process_maturity": "high", "role": "vp_finance", "seniority": "vp"}
    assert band(TARGET | best, propensity) != "hot"


@given(REPORTS, CHANCES, st.sampled_from([None, "hot", "warm", "cold"]))
def test_a_suppressed_lead_is_never_hot(
    report: RuleReport, propensity: float | None, before: str | None
) -> None:
    """Not even one that was hot a second ago."""
    priority = BOOK.priority(report, propensity)
    assert 0 <= priority <= 100
    if report.suppressed:
        assert BOOK.band(priority, before) != "hot"


@pytest.mark.parametrize("propensity", [None, 0.0, 0.2, 0.9])
def test_effects_add_up_to_the_priority(rulebook: Rulebook, propensity: float | None) -> None:
    """Reasons that do not add up are not believed."""
    junior = {"seniority": "individual_contributor", "buyer_role": "end_user"}
    report = rulebook.evaluate([TARGET | BROWSED | ASKED | junior])[0]
    assert report.negative_points < 0
    told = sum(rulebook.hit_effect(hit, propensity is not None) for hit in report.hits)
    if propensity is not None:
        told += rulebook.propensity_points(propensity)
    assert rulebook.priority(report, propensity) == pytest.approx(told, abs=1e-3)


def test_nothing_weighs_more_than_a_suppression(rulebook: Rulebook) -> None:
    """It is the first reason a seller has to read."""
    report = rulebook.evaluate([TARGET | BROWSED | ASKED | {"deals_won_ever": 1}])[0]
    strongest = max(report.hits, key=lambda hit: abs(rulebook.hit_effect(hit, True)))
    assert strongest.id == "customer"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_chance_is_never_worth_less(one: float, other: float) -> None:
    """The curve of propensity rises, and ends at its weight."""
    low, high = sorted((one, other))
    assert BOOK.propensity_points(low) <= BOOK.propensity_points(high) + 1e-9
    assert BOOK.propensity_points(0) == 0
    assert BOOK.propensity_points(1) == pytest.approx(25)


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(["hot", "warm", "cold"]))
def test_bands_rise_with_priority_and_stick(low: float, high: float, before: str) -> None:
    """More priority is never a lower band; and a band, once had, is not lost at its own border."""
    order = ["cold", "warm", "hot"]
    low, high = sorted((low, high))
    assert order.index(BOOK.band(low, before)) <= order.index(BOOK.band(high, before))
    fresh = BOOK.band(low, None)
    assert BOOK.band(low, fresh) == fresh


def test_a_hot_lead_stays_hot_until_it_leaves(rulebook: Rulebook) -> None:
    """Between the two thresholds the past decides, so that nobody flickers."""
    assert [rulebook.band(priority, "hot") for priority in (50, 45, 44.9, 24)] == [
        "hot", "hot", "warm", "cold",
    ]  # fmt: skip
    assert [rulebook.band(priority, "warm") for priority in (54.9, 55, 25, 24.9)] == [
        "warm", "hot", "warm", "cold",
    ]  # fmt: skip
    assert rulebook.band(27, None) == rulebook.band(27, "cold") == "cold"


def test_cooldowns_are_seconds(rulebook: Rulebook) -> None:
    """A day for a hot lead; a type without a declared cooldown has none."""
    assert rulebook.cooldown_s("lead.hot") == 86_400
    assert rulebook.cooldown_s("outcome.won") == 0
