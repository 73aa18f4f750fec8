"""The lake is tended from time to time: only when there is work, and apart from the roles."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from lake_rows import MONDAY, opened, rows_of, write

from core.clock import DAY, FixedClock, SystemClock
from core.errors import WorkError
from core.settings import Lake
from features.tend import Tended, tend
from serving.commands.features import features
from serving.watches.lake_watch import LakeWatch

BATCHES = [[("ada", MONDAY + at, MONDAY + at, b"a")] for at in range(5)]


def test_replaced_files_stay_for_the_grace_time(tmp_path: Path) -> None:
    """A query that listed them a moment ago opens them by name."""
    installation, engine = opened(tmp_path)
    write(installation, engine, BATCHES)
    settings, now = Lake(grace_s=60), MONDAY + DAY

    assert tend(installation, engine, settings, now, False) == Tended(5, 0, 0)
    assert tend(installation, engine, settings, now + 59_000_000, False) == Tended(0, 0, 0)
    assert tend(installation, engine, settings, now + 60_000_000, False) == Tended(0, 5, 0)


def test_old_rows_go_only_when_retention_is_asked_for_and_set(tmp_path: Path) -> None:
    """Without lake.keep_days nothing is ever dropped."""
    installation, engine = opened(tmp_path)
    write(installation, engine, BATCHES)
    now = MONDAY + 40 * DAY

    assert tend(installation, engine, Lake(), now, True).dropped == 0
    assert tend(installation, engine, Lake(keep_days=30), now, False).dropped == 0
    assert tend(installation, engine, Lake(keep_days=30), now, True).dropped == 4


def test_the_timer_starts_a_process_only_when_there_is_work(tmp_path: Path) -> None:
    """Every few minutes, for ever: an idle look must cost a question to the record."""
    installation, engine = opened(tmp_path)
    clock = FixedClock(SystemClock().now())
    watch = LakeWatch(installation, Lake(), engine, clock, threading.Event())

    watch.look()
    assert not (installation.logs / "compact.log").exists()

    write(installation, engine, BATCHES)
    watch.look()
    assert "merged 5 files" in (installation.logs / "compact.log").read_text()
    assert len(rows_of(installation, engine)) == 5


def test_a_failed_look_is_told_with_its_last_word(tmp_path: Path) -> None:
    """Else small files pile up for months unseen."""
    installation, engine = opened(tmp_path)
    write(installation, engine, BATCHES)
    next(installation.lake.glob("**/*.parquet")).write_bytes(b"damaged")
    watch = LakeWatch(installation, Lake(), engine, SystemClock(), threading.Event())

    with pytest.raises(WorkError, match="`leadline features compact` did not work"):
        watch.look()


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    """Scripts read JSON."""
    installation, engine = opened(tmp_path)
    write(installation, engine, BATCHES)

    told = CliRunner().invoke(features, ["compact", "--json", "--data", str(tmp_path)])

    assert (told.exit_code, told.output) == (0, '{"merged":5,"removed":0,"dropped":0}\n')
