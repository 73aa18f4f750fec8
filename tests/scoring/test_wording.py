"""Sellers read reasons, not feature names."""

from __future__ import annotations

import pytest

from features.definitions import FEATURES, Feature
from scoring.wording import tell


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_has_words(feature: Feature):
    """A feature without words would show its column name to a seller, or raise in a score."""
    for value in (None, 0, 1, 3.7, 12_000) if not feature.is_word else (None, "vp_finance"):
        told = tell(feature.name, value)

        assert told[0].isupper() or told[0].isdigit()
        assert "_" not in told
        assert "None" not in told


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pricing_views_7d", 3, "3 pricing page views in 7 days"),
        ("pricing_views_1d", 1, "1 pricing page view in 1 day"),
        ("webinars_30d", 0, "No webinars attended in 30 days"),
        ("calls_no_answer_30d", 2, "2 calls by sales ending in “no answer” in 30 days"),
        ("site_seconds_7d", 600, "10 minutes on the site in 7 days"),
        ("site_seconds_7d", 20, "Under a minute on the site in 7 days"),
        ("days_since_engagements", 2.4, "Last active 2 days ago"),
        ("days_since_engagements", 0.1, "Last active today"),
        ("days_since_pricing_views", None, "Never on the pricing page"),
        ("open_deal_value", 45_000.0, "Open deal worth 45,000"),
        ("role", "vp_finance", "Role VP finance"),
        ("industry", None, "Industry unknown"),
        ("account_active_people_7d", 4, "4 people active in 7 days (whole company)"),
    ],
)
def test_words_are_those_of_a_seller(name, value, words):
    """Singular, plural, time and absence are told as people tell them."""
    assert tell(name, value) == words
