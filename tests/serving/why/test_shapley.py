"""Shares that do not add up to the difference explain another one."""

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.why.shapley import shares

CAUSES = ("time", "events", "profile", "rules", "model")


def _worths(seed: int) -> dict[frozenset[str], float]:
    chance = random.Random(seed)
    sets = chain.from_iterable(combinations(CAUSES, size) for size in range(len(CAUSES) + 1))
    return {frozenset(some): chance.uniform(-50, 50) for some in sets}


@given(st.integers(0, 10_000), st.booleans())
def test_the_shares_add_up_to_the_difference(seed: int, ordered: bool):
    """Whatever the causes do to each other."""
    worths = _worths(seed)

    found = shares(CAUSES, worths.__getitem__, {"events": "time"} if ordered else None)

    difference = worths[frozenset(CAUSES)] - worths[frozenset()]
    assert sum(found.values()) == pytest.approx(difference, abs=1e-9)


def test_a_cause_that_changes_nothing_has_no_share():
    """The model is the same on both sides: it explains nothing, however the others mix."""
    worths = _worths(3)

    found = shares(CAUSES, lambda came: worths[came - {"model"}])

    assert found["model"] == 0.0


def test_two_causes_that_do_the_same_share_alike():
    """Points that only come together are shared in halves."""
    found = shares(("a", "b", "c"), lambda came: 10.0 if {"a", "b"} <= came else 0.0)

    assert found == {"a": 5.0, "b": 5.0, "c": 0.0}


def test_a_cause_that_adds_the_same_in_every_order_gets_just_that():
    found = shares(("a", "b"), lambda came: 3.0 * ("a" in came) - 4.0 * ("b" in came))

    assert found == {"a": 3.0, "b": -4.0}


def test_events_are_never_asked_about_before_time():
    """What came since then cannot be looked at as of then: its windows would have no meaning."""
    asked: list[frozenset[str]] = []

    def worth(came: frozenset[str]) -> float:
        asked.append(came)
        return float(len(came))

    shares(CAUSES, worth, {"events": "time"})

    assert len(asked) == len(set(asked)) == 24
    assert all("time" in came for came in asked if "events" in came)
