"""Tiles of any shape, by chance: what events, merges and time can leave, and a little more."""

from __future__ import annotations

import random

from core.clock import DAY, HOUR
from features.cells import Sums
from features.measures import ATTRIBUTES, BY_EVENT, MEASURES, PEAKS
from features.tiles import Deal, Tiles, keep_day, keep_hour

NOW = 1_790_000_000_000_000
_AMOUNTS = (1, 1, 1, 1, 2, 3, 7, 255, 256, 65_535, 65_536, 10**12)
_TEXTS = ("vp", "director", "manager", "finance", "it", "", "größer", "x" * 300)


def random_sums(dice: random.Random) -> Sums:
    """Those of some events, as they come, or of any measures."""
    sums: Sums = {}
    for _ in range(dice.randrange(4)):
        amount = dice.choice(_AMOUNTS)
        for measure in BY_EVENT[dice.choice(list(BY_EVENT))]:
            held = sums.get(measure.number)
            if held is None or measure.number not in PEAKS:
                sums[measure.number] = amount + (held or 0)
            else:
                sums[measure.number] = PEAKS[measure.number](amount, held)
    for _ in range(dice.randrange(3)):
        sums[dice.choice(MEASURES).number] = dice.choice(_AMOUNTS)
    return sums or {1: 1}


def random_tiles(dice: random.Random) -> Tiles:
    """Nothing in them lies after `NOW`."""
    tiles = Tiles(ever=random_sums(dice), capped=dice.choice((0, 0, 2, 4, 6)))
    newest = NOW - dice.choice((0, 0, DAY, 40 * DAY, 300 * DAY))
    for _ in range(dice.choice((0, 1, 3, 12))):
        keep_hour(tiles, (newest - dice.randrange(49 * HOUR)) // HOUR, random_sums(dice))
        keep_day(tiles, (newest - dice.randrange(91 * DAY)) // DAY, random_sums(dice))
    for measure in dice.sample(MEASURES, dice.randrange(12)):
        for moments in (tiles.first, tiles.last):
            moments[measure.number] = newest - dice.randrange(400 * DAY)
    for keys in (tiles.sessions, tiles.active):
        for _ in range(dice.choice((0, 1, 9))):
            keys[dice.getrandbits(32)] = (newest - dice.randrange(100 * DAY)) // HOUR
    for key in tiles.active:
        tiles.people[key] = (_text(dice), _text(dice))
    for number in dice.sample(range(len(ATTRIBUTES)), dice.randrange(6)):
        tiles.words[number] = (dice.choice(_TEXTS), newest - dice.randrange(DAY))
    for _ in range(dice.choice((0, 1, 4))):
        tiles.deals[dice.getrandbits(32)] = _deal(dice, newest)
    return tiles


def _text(dice: random.Random) -> str | None:
    return dice.choice((None, *_TEXTS))


def _deal(dice: random.Random, newest: int) -> Deal:
    """Often of one moment or one value, for then the order has to tell them apart."""
    return Deal(
        opened_at=dice.choice((None, newest, newest - dice.randrange(90 * DAY))),
        closed_at=dice.choice((None, None, newest)),
        value=dice.choice((None, 0.0, 500.0, dice.random() * 1e6)),
    )


def random_moment(dice: random.Random) -> int:
    """From `NOW` on, often at a border of hours or days."""
    later = NOW + dice.choice((0, 1, HOUR, DAY, 6 * DAY, 89 * DAY)) + dice.randrange(2 * HOUR)
    return max(
        NOW, dice.choice((later, later // HOUR * HOUR, later // DAY * DAY, later // DAY * DAY - 1))
    )
