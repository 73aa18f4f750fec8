"""A view of columns tells what a dict of the same lead tells, to whoever asks."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tiles import random_moment, random_tiles

from features.crowd import side_of
from features.definitions import FEATURES
from features.tiles import encode
from features.vector import FEW, NAMES, Stored, crowded, vectors

MANY = 3 * FEW


def asked_of(dice: random.Random) -> list[Stored]:
    """Some share an account, some know nothing of theirs."""
    moment = random_moment(dice)
    accounts = [None, b"", *[encode(random_tiles(dice)) for _ in range(4)]]
    leads = [dice.choice((None, encode(random_tiles(dice)))) for _ in range(MANY)]
    return [
        Stored(f"l{at}", "a", one, dice.choice(accounts), moment) for at, one in enumerate(leads)
    ]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_a_view_tells_what_a_dict_tells(dice: random.Random) -> None:
    """Rules, trees and words read views; training and the worker read dicts."""
    asked = asked_of(dice)

    views, dicts = crowded(asked), vectors(asked)

    for view, one in zip(views, dicts, strict=True):
        assert list(view.values.items()) == list(one.values.items())
        assert view.values == one.values
        assert (view.lead_id, view.account_id, view.as_of) == (one.lead_id, "a", one.as_of)
        assert view.capped == one.capped
        assert view.values.get("shoe_size", 7) == 7
    side = side_of([view.values for view in views])
    assert side is not None
    for name in NAMES:
        assert side.column(name) == [one.values[name] for one in dicts]


def test_some_of_a_crowd_and_in_another_order_are_columns_as_well() -> None:
    """An experiment parts a batch into its arms."""
    views = crowded(asked_of(random.Random(3)))
    some = [views[at].values for at in (7, 2, 11)]

    side = side_of(some)

    assert side is not None
    for name in NAMES:
        assert side.column(name) == [one[name] for one in some]


def test_numbers_are_the_values_with_nan_for_what_is_missing() -> None:
    """Trees read them instead of values: of all of a crowd, of some, and beside what was put in."""
    views = crowded(asked_of(random.Random(6)))
    some = [views[at].values for at in (7, 2, 11)]
    other = crowded(asked_of(random.Random(6)))
    other[1].values["crm_size"] = 5

    for rows in ([one.values for one in views], some, [one.values for one in other]):
        side = side_of(rows)
        assert side is not None
        for feature in FEATURES:
            if not feature.is_word:
                wanted = np.array([row[feature.name] for row in rows], np.float64)
                assert side.numbers(feature.name).tobytes() == wanted.tobytes()
    side = side_of([one.values for one in other])
    assert side is not None
    assert side.numbers("crm_size")[1] == 5


def test_what_is_put_into_a_view_is_told_by_it_and_by_its_columns() -> None:
    """Columns of a CRM come from the record, after the features."""
    views = crowded(asked_of(random.Random(4)))
    views[1].values["crm_size"] = 5

    side = side_of([view.values for view in views])

    assert side is not None
    assert side.column("crm_size") == [None, 5, *[None] * (MANY - 2)]
    assert "crm_size" in views[1].values
    assert "crm_size" not in views[0].values
    assert list(views[1].values)[-1] == "crm_size"
    with pytest.raises(KeyError):
        views[0].values["crm_size"]


def test_rows_of_two_crowds_and_dicts_have_no_common_columns() -> None:
    """Their places mean other leads."""
    one, other = crowded(asked_of(random.Random(5))), crowded(asked_of(random.Random(5)))
    assert side_of([one[0].values, other[1].values]) is None
    assert side_of([one[0].values, dict(other[1].values)]) is None
    assert side_of([]) is None
