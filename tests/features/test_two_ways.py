"""One entity in plain Python, many as arrays: two ways to the same values, to the last bit."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tiles import NOW, random_moment, random_tiles

from core.clock import DAY
from features import columns, single
from features.blob import BlobError
from features.definitions import FEATURES, Entity, Kind
from features.tiles import Tiles, encode, keep_day
from features.vector import FEW, FeatureVector, Stored, vector, vectors

MANY = 3 * FEW


def random_stored(dice: random.Random) -> Stored:
    lead, account = (dice.choice((None, b"", *[encode(random_tiles(dice))] * 4)) for _ in range(2))
    return Stored("lead", "account", lead, account, random_moment(dice))


def told(one: FeatureVector) -> list[tuple[str, type, Any]]:
    """1, 1.0 and True are equal; what is served tells them apart."""
    return [(name, type(value), value) for name, value in one.values.items()]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_many_at_once_and_one_by_one_agree_on_every_feature(dice: random.Random) -> None:
    """What a batch scores is what the worker decides on and what training reads: 4,500 pairs."""
    asked = [random_stored(dice) for _ in range(MANY)]
    asked += [one._replace(account=asked[0].account, as_of=asked[0].as_of) for one in asked[:4]]

    many = vectors(asked)

    assert [told(one) for one in many] == [told(vector(*one)) for one in asked]
    assert [one.capped for one in many] == [vector(*one).capped for one in asked]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_who_else_is_asked_for_changes_nothing(dice: random.Random) -> None:
    """A sum of floats depends on its order: it must not depend on a neighbour."""
    asked = [random_stored(dice) for _ in range(MANY)]
    shuffled = dice.sample(range(MANY), MANY)

    made = vectors(asked)
    again = vectors([asked[at] for at in shuffled])

    assert [told(one) for one in again] == [told(made[at]) for at in shuffled]


def test_the_random_tiles_fill_every_feature() -> None:
    """Zeros and missing values would agree by accident."""
    dice = random.Random(1)
    filled = {
        name
        for one in vectors([random_stored(dice) for _ in range(1_000)])
        for name, value in one.values.items()
        if value
    }
    assert filled == {feature.name for feature in FEATURES}


def test_each_kind_is_read_in_both_ways() -> None:
    """A kind that only one of them knows would fail on one lead, or on a thousand."""
    assert set(columns.MAKERS) == set(Kind)
    assert set(single.MAKERS) == set(Kind) - {Kind.COUNT}


def test_a_clock_a_little_behind_counts_today_as_today() -> None:
    """The api's clock may lag the worker's by a moment, over midnight too."""
    tiles = Tiles()
    keep_day(tiles, NOW // DAY, {18: 3})
    stored = Stored("lead", None, encode(tiles), None, NOW // DAY * DAY - 1)
    assert vector(*stored).values["engagements_half_7d"] == 3.0
    assert vectors([stored] * MANY)[0].values["engagements_half_7d"] == 3.0


@pytest.mark.parametrize("count", [1, MANY])
def test_bytes_that_are_no_tiles_are_refused(count: int) -> None:
    """A foreign Redis may hold anything: the caller falls back to the record."""
    good = encode(random_tiles(random.Random(2)))
    for bad in (b"\x02" + good[1:], good[:40], b"\x01", b"\x9a\x00"):
        with pytest.raises(BlobError):
            vectors([Stored("lead", None, bad, None, NOW)] * count)


def test_nobody_is_asked_for() -> None:
    """An empty batch is no mistake."""
    assert vectors([]) == []
    assert set(columns.columns_of(Entity.LEAD, [(NOW, b"")])) < {one.name for one in FEATURES}
