"""Rows of one person leave the lake while others read it."""

from __future__ import annotations

import threading
from pathlib import Path

from lake_rows import LEADS, MONDAY, opened, rewriter, rows_of, write

from core.clock import DAY
from core.errors import Unavailable
from features.compact import compact
from features.definitions import Entity
from features.erase import rewrite_without
from features.offline import lake_blobs

BATCHES = [
    [(lead, MONDAY + at, MONDAY + at, lead.encode() + b"-secret") for lead in ("ada", "bob", "eve")]
    for at in range(4)
]


def test_no_byte_of_an_erased_lead_stays_in_the_folder(tmp_path: Path) -> None:
    """Not in files that a merge left for running queries either, nor in drafts."""
    installation, engine = opened(tmp_path)
    write(installation, engine, BATCHES)
    lake = rewriter(installation, engine)
    compact(lake, MONDAY + DAY)  # leaves its four sources for running queries
    write(installation, engine, BATCHES)

    assert rewrite_without(lake, LEADS, ["ada", "nobody"], MONDAY + DAY) == 8

    assert {row[0] for row in rows_of(installation, engine)} == {"bob", "eve"}
    assert len(rows_of(installation, engine)) == 16
    for path in installation.lake.rglob("*"):
        assert path.is_dir() or b"ada" not in path.read_bytes()


def test_files_without_the_lead_are_not_touched(tmp_path: Path) -> None:
    """Erasing one person must not write the whole lake anew."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [BATCHES[0], [("zoe", MONDAY, MONDAY, b"z")]])
    before = set(installation.lake.glob("**/*.parquet"))

    rewrite_without(rewriter(installation, engine), LEADS, ["zoe"], MONDAY)

    after = set(installation.lake.glob("**/*.parquet"))
    assert after < before  # a file that held nobody else is gone
    assert len(after) == 1


def test_readers_go_on_while_rows_are_erased(tmp_path: Path) -> None:
    """Their files are taken away at once: they begin anew and find everybody else. Whoever was
    overtaken in each attempt is told to try again; nobody reads half of the rest.
    """
    installation, engine = opened(tmp_path)
    write(
        installation,
        engine,
        [[(f"gone-{at}", MONDAY, MONDAY, b"g"), *BATCHES[0]] for at in range(12)],
    )
    lake = rewriter(installation, engine)
    asks = [("bob", MONDAY + 5), ("eve", MONDAY + 5)]
    wrong: list[object] = []
    reads: list[int] = []
    done = threading.Event()

    def keep_reading() -> None:
        while not (done.is_set() and reads):
            try:
                found = lake_blobs(installation, Entity.LEAD, asks, memory_mb=200)
            except Unavailable:
                continue
            reads.append(1)
            if found != {asks[0]: b"bob-secret", asks[1]: b"eve-secret"}:
                wrong.append(found)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for at in range(12):
        rewrite_without(lake, LEADS, [f"gone-{at}"], MONDAY + at)
    done.set()
    reader.join()

    assert wrong == []
    assert {row[0] for row in rows_of(installation, engine)} == {"ada", "bob", "eve"}
