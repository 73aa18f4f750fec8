"""One entity in plain Python, many as arrays: two ways to the same values, to the last bit."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tiles import NOW, random_moment, random_tiles

from core.clock import DAY, HOUR
from features import columns, single
from features.blob import BlobError
from features.definitions import FEATURES, Entity, Kind
from features.tiles import Tiles, decode, encode, keep_day
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


def read(stored: Stored, count: int) -> list[tuple[str, type, Any]] | None:
    """The values, `count` asked for at once; None when the bytes are refused."""
    try:
        return told(vectors([stored] * count)[-1])
    except BlobError:
        return None


def test_damaged_bytes_are_refused_or_read_alike() -> None:
    """Whatever a byte turns into: no other error, no neighbour's value, no two answers. And what is
    read can be written again.
    """
    dice, refused = random.Random(3), 0
    for _ in range(1_500):
        bad = bytearray(encode(random_tiles(dice)))
        for _ in range(dice.choice((1, 1, 3))):
            bad[dice.randrange(1, len(bad))] = dice.randrange(256)
        blob = bytes(bad[: dice.choice((None, None, dice.randrange(1, len(bad))))])
        asked = Stored("lead", "account", blob, blob, NOW + DAY)
        one = read(asked, 1)
        assert repr(one) == repr(read(asked, FEW + 2)), blob.hex()
        refused += one is None
        if one is not None:
            encode(decode(blob))
    assert 500 < refused < 1_200


def test_a_place_beyond_its_own_times_is_not_looked_up_at_a_neighbour() -> None:
    """As arrays all times lie in one row: the next entity's begin where one's own end."""
    tiles = Tiles(first={60: NOW - DAY})
    blob = bytearray(encode(tiles))
    blob[blob.index(bytes((60, 0))) + 1] = 1
    asked = [
        Stored("lead", None, bytes(blob), None, NOW),
        *[Stored("b", None, encode(tiles), None, NOW)] * MANY,
    ]
    with pytest.raises(BlobError, match="point to a time"):
        vectors(asked)


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        (0, {NOW // HOUR: {300: 1}}),
        (0, {NOW // HOUR: {1: 2**63}}),
        (4, {18: -5}),
        (4, {18: 2**60}),
        (5, {1: {2**33: NOW}}),
        (7, {key: (NOW - key, None, 1.0) for key in range(260)}),
    ],
)
def test_rows_of_the_first_format_that_cannot_be_written_are_refused(
    count: int, field: int, value: Any
) -> None:
    """They are read by writing them in today's format, which holds less."""
    row: list[Any] = [{}, {}, {}, {}, {}, {}, {}, {}, 0, {}]
    row[field] = value
    with pytest.raises(BlobError):
        vectors([Stored("lead", None, msgspec.msgpack.encode(row), None, NOW)] * count)


def test_nobody_is_asked_for() -> None:
    """An empty batch is no mistake."""
    assert vectors([]) == []
    assert set(columns.columns_of(Entity.LEAD, [(NOW, b"")])) < {one.name for one in FEATURES}
