"""Drift is one of population: leads are compared with others of their age, and beyond chance."""

from __future__ import annotations

import random

import pytest

from features.profile import like, moved, profile_of
from features.spread import by_chance, psi, spread_of
from features.vector import FeatureVector, vector
from features.windows import Value

_EMPTY = vector("", None, None, None, 0).values


def told(**values: Value) -> FeatureVector:
    return FeatureVector("lead", None, 0, {**_EMPTY, **values})


def _aged(dice: random.Random, age: float) -> FeatureVector:
    """Views come with time; nothing else tells leads apart."""
    return told(lead_age_days=age, page_views_90d=sum(dice.random() < 0.3 for _ in range(int(age))))


def test_leads_are_compared_with_others_of_their_age() -> None:
    """All of them are about thirty days old: against all ages together they look like another
    population, against their like they do not. Twice as many views are drift at any age.
    """
    dice = random.Random(3)
    taught = [(age, _aged(dice, age + 0.5)) for age in (0, 7, 14, 30, 60) for _ in range(600)]
    profile = profile_of([one for _, one in taught], [age for age, _ in taught])
    now = [_aged(dice, 27 + 33 * dice.random()) for _ in range(4_000)]

    alike = like(profile, now)

    assert set(alike.weights) == {30, 60}
    assert sum(alike.weights.values()) == pytest.approx(1)
    assert 900 < len(alike.vectors) < 2_000
    views = [one.values["page_views_90d"] for one in alike.vectors]
    mixed = moved(profile, "page_views_90d", views, {})
    assert mixed is not None
    assert mixed.psi > 0.25
    aged = moved(profile, "page_views_90d", views, alike.weights)
    assert aged is not None
    assert aged.psi < 0.1
    other = moved(profile, "page_views_90d", [2 * (one or 0) for one in views], alike.weights)
    assert other is not None
    assert other.psi > max(0.25, other.chance)
    assert moved(profile, "lead_age_days", [31.0] * 99, alike.weights) is None
    assert moved(profile, "page_views_90d", views[:49], alike.weights) is None


@pytest.mark.parametrize("age", [None, 2.0, 40.0, 67.0, 400.0])
def test_leads_near_no_taught_age_are_not_compared(age: float | None) -> None:
    """There is nothing like them."""
    profile = profile_of([told(lead_age_days=0.4), told(lead_age_days=60.2)], [0, 60])
    found = like(profile, [told(lead_age_days=age), told(lead_age_days=54.1)])
    assert [one.values["lead_age_days"] for one in found.vectors] == [54.1]
    assert found.weights == {60: 1.0}


def test_chance_alone_hardly_ever_passes_its_bound() -> None:
    """Else a small installation would be told of drift each day. The bound is no empty one either:
    half of it is passed now and then.
    """
    dice = random.Random(5)
    ratios = []
    for _ in range(400):
        taught = spread_of([dice.gauss(0, 1) for _ in range(300)])
        index = psi(taught, [dice.gauss(0, 1) for _ in range(120)])
        ratios.append(index / by_chance(12, 120, 300))
    assert max(ratios) < 1
    assert max(ratios) > 0.5
