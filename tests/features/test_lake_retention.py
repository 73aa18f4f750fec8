"""Retention drops what no later moment can ask for, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lake_rows import LEADS, MONDAY, Row, opened, rewriter, rows_of, write

from features.retain import retain

CUT = MONDAY + 10

rows = st.builds(
    lambda lead, known_at, late, number: (
        f"lead-{lead}",
        MONDAY + known_at,
        MONDAY + known_at + late,
        b"%d" % number,
    ),
    st.integers(0, 2),
    st.integers(0, 20),
    st.integers(0, 12),
    st.integers(0, 999),
)


def newest(held: list[Row], lead: str, moment: int, recorded: int) -> Row | None:
    """What a question finds: the newest known by the moment, of those recorded by then."""
    known = [row for row in held if row[0] == lead and row[1] <= moment and row[2] <= recorded]
    return max(known, key=lambda row: (row[1], row[2]), default=None)


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, min_size=1, max_size=14, unique_by=lambda row: row[:3]))
def test_every_answer_from_the_cut_on_stays_the_same(held: list[Row]) -> None:
    """Also of questions that leave out what was recorded later, as parity asks."""
    with tempfile.TemporaryDirectory() as folder:
        installation, engine = opened(Path(folder))
        write(installation, engine, [held[at : at + 5] for at in range(0, len(held), 5)])

        removed = retain(rewriter(installation, engine), LEADS, CUT, CUT)

        kept = rows_of(installation, engine)
        engine.dispose()
    assert removed == len(held) - len(kept)
    for lead in {row[0] for row in held}:
        for moment in range(CUT, MONDAY + 22):
            for recorded in range(CUT, MONDAY + 34):
                assert newest(held, lead, moment, recorded) == newest(kept, lead, moment, recorded)


def test_the_base_is_one_row_where_rows_came_in_order(tmp_path: Path) -> None:
    """The usual case: a hundred snapshots from before the cut leave the last of them."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ada", MONDAY + at, MONDAY + at, b"x")] for at in range(15)])

    assert retain(rewriter(installation, engine), LEADS, CUT, CUT) == 9

    assert [row[1] - MONDAY for row in rows_of(installation, engine)] == [9, 10, 11, 12, 13, 14]
