"""The chance of an account is that of those of its people who can still be sold to."""

from __future__ import annotations

import pytest

from scoring import Score
from serving.score.accounts import chance_of
from tests.signals.signal_fakes import standing_of


def _person(propensity: float | None, *, suppressed: bool = False):
    score = None if propensity is None else Score(propensity, 0.0, 0.0)
    return standing_of(50, score=score, suppressed=suppressed)


def test_two_people_count_together():
    """One minus the chance that neither is won."""
    assert chance_of([_person(0.5), _person(0.2)]) == pytest.approx(0.6)


def test_a_customer_or_a_competitor_does_not_count():
    """A chance of 0.9 that nobody may act on is none."""
    assert chance_of([_person(0.9, suppressed=True), _person(0.2)]) == pytest.approx(0.2)


def test_without_a_model_or_anybody_there_is_none():
    """Null, not 0."""
    assert chance_of([_person(None)]) is None
    assert chance_of([_person(0.9, suppressed=True)]) is None
    assert chance_of([]) is None
