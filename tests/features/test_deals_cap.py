"""More opportunities than are kept: the ones that count stay, and the vector says so."""

from __future__ import annotations

import random

import pytest

from core.clock import DAY, HOUR
from features.change import join_deal
from features.join import merge, prune
from features.measures import DEALS
from features.tiles import Deal, Tiles, decode, encode
from features.vector import FeatureVector, vector

NOW = 1_790_000_000_000_000


def as_of_now(tiles: Tiles) -> FeatureVector:
    blob = encode(tiles)
    return vector("lead", "account", blob, blob, NOW)


@pytest.mark.parametrize("seed", range(20))
def test_open_deals_agree_with_a_plain_count_up_to_the_cap(seed: int) -> None:
    """150 deals in any order, half of them closed: what is open stays as long as there is room, and
    the newest always.
    """
    dice = random.Random(seed)
    opened = {dice.getrandbits(32): NOW - dice.randrange(1, 90 * DAY) for _ in range(150)}
    closed = set(dice.sample(sorted(opened), dice.choice((75, 100, 140))))
    tiles = Tiles()
    for key in dice.sample(sorted(opened), len(opened)):
        closed_at = NOW - dice.randrange(HOUR) if key in closed else None
        join_deal(tiles, key, Deal(opened[key], closed_at, float(key)))

    found = as_of_now(decode(encode(tiles)))

    still = sorted((at, key) for key, at in opened.items() if key not in closed)
    at, newest = still[-1]
    for prefix in ("", "account_"):
        assert found.values[f"{prefix}open_deals"] == min(len(still), DEALS.cap)
        assert found.values[f"{prefix}open_deal_value"] == newest
        assert found.values[f"{prefix}open_deal_days"] == (NOW - at) / DAY
    assert found.capped == (("deals", "account_deals") if len(still) > DEALS.cap else ())


def test_as_many_as_are_kept_are_not_capped() -> None:
    """The mark means that a value may be too low: it must not stand beside a true one."""
    tiles = Tiles()
    for key in range(DEALS.cap):
        join_deal(tiles, key, Deal(opened_at=NOW - key))
    assert as_of_now(tiles).capped == ()
    assert as_of_now(tiles).values["open_deals"] == DEALS.cap


def test_the_oldest_of_open_deals_goes_whatever_its_key() -> None:
    """Keys are hashes: they say nothing of which deal is new."""
    for newest_key in (0, 2**32 - 1):
        tiles = Tiles()
        for key in range(1, DEALS.cap + 1):
            join_deal(tiles, key, Deal(opened_at=NOW - DAY * key))
        join_deal(tiles, newest_key, Deal(opened_at=NOW))
        assert newest_key in tiles.deals
        assert DEALS.cap not in tiles.deals


def test_a_deal_closed_long_ago_is_not_opened_again_by_a_merge() -> None:
    """One half of a person saw it open, the other half close: together it is closed."""
    closed, opened = Tiles(), Tiles()
    join_deal(closed, 1, Deal(closed_at=NOW - 200 * DAY))
    join_deal(opened, 1, Deal(opened_at=NOW - 300 * DAY, value=5.0))
    prune(closed, NOW)
    merge(closed, opened)
    assert as_of_now(closed).values["open_deals"] == 0
