"""Compaction: fewer files, the same rows, whatever dies on the way."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_rows import LEADS, MONDAY, Row, opened, read, rewriter, rows_of, write

from core.clock import DAY
from core.database import reading
from core.errors import WorkError
from core.installation import Installation
from core.settings import load_settings
from features.compact import FAN, FULL, compact, due
from features.definitions import Entity
from features.lake import Lake
from features.lake_files import MERGING, LakeFile, Replacer, listed, successor
from features.offline import lake_blobs
from features.rewrite import Rewriter

TUESDAY = MONDAY + DAY


def some(batches: int, leads: int = 5) -> list[list[Row]]:
    """Each lead once a batch; rows tell when they were known."""
    return [
        [(f"lead-{lead}", MONDAY + at, MONDAY + at, b"%d.%d" % (lead, at)) for lead in range(leads)]
        for at in range(batches)
    ]


def names(installation: Installation) -> list[str]:
    return sorted(path.name for path in installation.lake.glob("**/*.parquet"))


def test_a_finished_day_becomes_one_sorted_file(tmp_path: Path) -> None:
    """Readers open one file a day, and skip the row groups of other entities in it."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(20))
    before = rows_of(installation, engine)
    lake = rewriter(installation, engine)

    assert compact(lake, TUESDAY) == 20
    assert lake.files.sweep(TUESDAY) == 20

    (file,) = installation.lake.glob("**/*.parquet")
    assert read(file) == before  # sorted by lead and time, none lost, none twice
    assert compact(lake, TUESDAY) == 0


def test_the_current_day_is_merged_in_levels(tmp_path: Path) -> None:
    """Merging all of today again at each look would write its rows hundreds of times."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(FAN - 1))
    lake = rewriter(installation, engine)
    assert compact(lake, MONDAY) == 0

    write(installation, engine, some(1))

    assert compact(lake, MONDAY) == FAN
    with reading(engine) as connection:
        assert [file.generation for file in listed(connection)] == [1]


def test_a_full_file_is_left_alone() -> None:
    """What is large enough gains nothing from being written again."""
    files = [LakeFile(f"{LEADS}/day=2025-11-26/{at}-{at}.parquet", at, at, FULL) for at in range(9)]

    assert list(due(files, MONDAY + 30 * DAY)) == []


def test_two_groups_of_one_range_get_two_names() -> None:
    """A backfill's files share one offset; a name for two contents would lose one of them."""
    files = [LakeFile(f"{LEADS}/day=2025-11-26/7-7-{at}.parquet", 7, 7, 1) for at in range(4)]

    assert successor(files[:2], 2).path != successor(files[2:], 2).path


def test_times_and_ids_are_told_in_the_footer_and_contents_are_not(tmp_path: Path) -> None:
    """Ranges of ids let readers skip; a range of tiles would be personal data outside its rows."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(2))
    lake = rewriter(installation, engine)
    compact(lake, TUESDAY)
    lake.files.sweep(TUESDAY)

    (file,) = installation.lake.glob("**/*.parquet")
    group = pq.ParquetFile(file).metadata.row_group(0)
    told = {
        group.column(at).path_in_schema: group.column(at).statistics is not None
        for at in range(group.num_columns)
    }

    assert told == {"lead_id": True, "tiles": False, "known_at": True, "created": True}


class Crash(Exception):
    pass


def tend(lake: Rewriter) -> None:
    compact(lake, TUESDAY)
    lake.files.sweep(TUESDAY)


@pytest.mark.parametrize("step", ["written", "listed", "named"])
@pytest.mark.parametrize("who", ["worker", "compaction"])
def test_a_crash_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, who: str
) -> None:
    """Both the worker's next start and the next compaction find a lake that is whole."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(10))
    before = rows_of(installation, engine)
    lake = rewriter(installation, engine)

    def die(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        if step == "written":
            patched.setattr(Replacer, "replace", die)
        else:
            patched.setattr("features.lake_files.publish", die)
        if step == "named":
            patched.undo()
            patched.setattr(Replacer, "sweep", die)
        with pytest.raises(Crash):
            tend(lake)

    assert rows_of(installation, engine) == before
    if who == "worker":
        with reading(engine) as connection:
            Lake(installation.lake).recover(connection)
    tend(lake)
    assert rows_of(installation, engine) == before
    assert len(names(installation)) == 1
    assert not list(installation.lake.glob(f"**/*{MERGING}"))


def test_a_starting_worker_leaves_a_running_merge_alone(tmp_path: Path) -> None:
    """Its draft is not listed yet; removing it would pull the file from under the merge."""
    installation, engine = opened(tmp_path)
    draft = installation.lake / LEADS / "day=2025-11-26" / f"1-2.1-x.parquet{MERGING}"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")

    with reading(engine) as connection:
        Lake(installation.lake).recover(connection)

    assert draft.exists()


def test_files_that_somebody_else_replaced_are_not_replaced_again(tmp_path: Path) -> None:
    """Two merges of the same files would double their rows for good."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(2))
    with reading(engine) as connection:
        files = listed(connection)
    replacer = Replacer(installation.lake, engine)
    replacer.replace(files, None, MONDAY)

    with pytest.raises(WorkError, match="another process"):
        replacer.replace(files, None, MONDAY)


def test_readers_see_every_row_while_files_are_merged_and_removed(tmp_path: Path) -> None:
    """Whatever a query lists, at whatever instant, it holds the newest row of each moment."""
    installation, engine = opened(tmp_path)
    write(installation, engine, some(60))
    lake = rewriter(installation, engine)
    asks = [(f"lead-{lead}", MONDAY + at) for lead in range(5) for at in range(0, 60, 7)]
    expected = {(lead, at): b"%s.%d" % (lead[-1:].encode(), at - MONDAY) for lead, at in asks}
    wrong: list[object] = []
    done = threading.Event()

    def keep_reading() -> None:
        while not done.is_set():
            found = lake_blobs(installation, Entity.LEAD, asks, memory_mb=200)
            if found != expected:
                wrong.append(found)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for _ in range(6):
        compact(lake, MONDAY)
        lake.files.sweep(MONDAY)
        write(installation, engine, [[("other", MONDAY, MONDAY, b"x")]] * FAN)
    done.set()
    reader.join()

    assert wrong == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 400_000)), max_size=60))
def test_merging_ends(told: list[tuple[int, int]]) -> None:
    """A rule that finds work in its own result would keep the disk busy for ever."""
    files = [
        LakeFile(f"{LEADS}/day=2025-11-{20 + day}/{at}-{at}.parquet", at, at, rows)
        for at, (day, rows) in enumerate(told)
    ]
    merges = 0
    while group := next(due(files, 20_414 * DAY), None):
        assert len(group) > 1
        new = successor(group, sum(file.rows for file in group))
        files = [file for file in files if file not in group] + [new]
        merges += 1

    assert merges <= len(told)
    assert sum(file.rows for file in files) == sum(rows for _, rows in told)


def test_the_bound_on_memory_is_a_setting() -> None:
    """The demo's machine and a training server differ."""
    assert load_settings(None, lake={"memory_mb": 4000}).lake.memory_mb == 4000
