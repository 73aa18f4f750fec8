"""What history answers, whichever store holds it and whoever reads it.

Feast is the reader of record for both stores; over the lake our own reader answers the same.
"""

from __future__ import annotations

import random

from stores import Store

from core.clock import DAY
from core.settings import load_settings
from features import feast_history
from features.compact import compact
from features.definitions import Entity
from features.erase import rewrite_without
from features.offline import newest_blobs
from features.open_lake import open_mirror
from features.record import TileRow
from features.rewrite import Rewriter

MONDAY = 20_418 * DAY


def row(one: str, known_at: int, created: int, blob: bytes) -> TileRow:
    return TileRow(Entity.LEAD, one, MONDAY + known_at, MONDAY + created, created, blob)


def ask(store: Store, *asks: tuple[str, int]) -> list[bytes | None]:
    """Through Feast, and equal to what the product's own way answers."""
    wanted = [(one, MONDAY + at) for one, at in asks]
    told = feast_history.newest(store.installation, Entity.LEAD, wanted)
    assert told == newest_blobs(store.installation, Entity.LEAD, wanted)
    return [told.get(pair) for pair in wanted]


def rewriter(store: Store) -> Rewriter:
    offline = load_settings(store.installation.settings_file).features.offline
    mirror = open_mirror(store.installation, store.engine, offline)
    return Rewriter(store.installation, store.engine, 200, mirror)


def test_nothing_is_known_before_the_first_row(store: Store) -> None:
    """All answers missing at once is the case in which a store may lose a column's type."""
    store.write([row("ada", 10, 10, b"a")], (1, 1), MONDAY)

    assert ask(store, ("ada", 9), ("nobody", 50)) == [None, None]


def test_the_newest_row_known_by_the_moment_stands(store: Store) -> None:
    """Up to and including the very microsecond, and not one further."""
    rows = [row("ada", at, at, b"%d" % at) for at in (10, 20, 30)]
    store.write([*rows, row("bob", 15, 15, b"bob")], (1, 4), MONDAY)

    found = ask(store, ("ada", 10), ("ada", 19), ("ada", 20), ("ada", 99), ("bob", 20))

    assert found == [b"10", b"10", b"20", b"30", b"bob"]


def test_of_equal_moments_the_row_created_last_stands(store: Store) -> None:
    """A backfill makes rows of old moments again; they shadow the first ones."""
    store.write([row("ada", 10, 10, b"first")], (1, 1), MONDAY)
    store.write([row("ada", 10, 50, b"again"), row("ada", 12, 12, b"next")], (2, 3), MONDAY)

    assert ask(store, ("ada", 11), ("ada", 12)) == [b"again", b"next"]


def test_a_row_that_arrives_late_changes_its_own_moments_only(store: Store) -> None:
    """An import tells of a time between two rows that were there before."""
    store.write([row("ada", 10, 10, b"10"), row("ada", 30, 30, b"30")], (1, 2), MONDAY)
    store.write([row("ada", 20, 90, b"20")], (3, 3), MONDAY + DAY)

    found = ask(store, ("ada", 19), ("ada", 20), ("ada", 29), ("ada", 30))

    assert found == [b"10", b"20", b"20", b"30"]


def test_a_tombstone_is_an_answer(store: Store) -> None:
    """An absorbed lead has no features from then on; the row before must not show through."""
    store.write([row("ada", 10, 10, b"a"), row("ada", 20, 20, b"")], (1, 2), MONDAY)

    assert ask(store, ("ada", 19), ("ada", 20)) == [b"a", b""]


def test_bytes_come_back_as_they_were(store: Store) -> None:
    """Zeros, quotes and high bytes: tiles are binary, not text."""
    blob = bytes(range(256)) * 20
    store.write([row("ada", 10, 10, blob)], (1, 1), MONDAY)

    assert ask(store, ("ada", 10)) == [blob]


def test_many_rows_of_few_entities(store: Store) -> None:
    """Against a search in plain Python, with ties and rows out of order."""
    dice = random.Random(5)
    rows = [
        row(f"lead-{dice.randrange(6)}", dice.randrange(40), 100 + at, b"%d" % at)
        for at in range(200)
    ]
    for at in range(0, 200, 50):
        store.write(rows[at : at + 50], (at + 1, at + 50), MONDAY + at)
    asks = [(f"lead-{lead}", moment) for lead in range(6) for moment in range(-1, 41, 3)]

    expected = [
        max(
            (
                (one.known_at, one.created, one.blob)
                for one in rows
                if one.id == lead and one.known_at <= MONDAY + moment
            ),
            default=(0, 0, None),
        )[2]
        for lead, moment in asks
    ]

    assert ask(store, *asks) == expected


def test_merged_files_and_those_they_replaced_answer_as_one(store: Store) -> None:
    """Until the old ones are removed a folder shows each row twice; Feast lists the folder."""
    for at in range(6):
        store.write([row("ada", at, at, b"%d" % at)], (at + 1, at + 1), MONDAY)
    assert compact(rewriter(store), MONDAY + DAY) == 6
    assert len(list(store.installation.lake.glob("**/*.parquet"))) == 7

    assert ask(store, ("ada", 2), ("ada", 9)) == [b"2", b"5"]


def test_an_erased_lead_has_no_history(store: Store) -> None:
    """In every store that holds a copy of it."""
    store.write([row("ada", 1, 1, b"a"), row("bob", 1, 1, b"b")], (1, 2), MONDAY)

    rewrite_without(rewriter(store), "lead_tiles", ["ada"], MONDAY)

    assert ask(store, ("ada", 5), ("bob", 5)) == [None, b"b"]
