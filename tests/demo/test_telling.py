"""Figures, progress and processes apart."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from core.errors import WorkError
from demo.apart import apart
from demo.figures import spread
from demo.memory import PeakMemory
from demo.system import search_path
from demo.teller import Teller


@given(st.lists(st.floats(0, 10_000), min_size=1))
def test_percentiles_were_measured(values: list[float]) -> None:
    """A figure that no call took would be made up."""
    told = spread(values)
    rounded = {round(value, 2) for value in values}
    assert {told.p50, told.p99} <= rounded
    assert told.p50 <= told.p99


def test_percentiles_by_nearest_rank() -> None:
    """p99 of a hundred is the second worst, not the worst."""
    told = spread([float(value) for value in range(100, 0, -1)])
    assert (told.p50, told.p99) == (50.0, 99.0)


def test_nothing_measured_is_no_figure() -> None:
    """An empty list would otherwise read as a perfect zero."""
    with pytest.raises(ValueError, match="nothing"):
        spread([])


def test_without_a_terminal_progress_is_a_few_plain_lines() -> None:
    """In a log file a bar would be thousands of lines of control characters."""
    out = io.StringIO()
    teller = Teller(Console(file=out, force_terminal=False))
    with teller.step("post", "posting"), teller.progress("events", 1_000) as advance:
        for _ in range(100):
            advance(10)
    assert out.getvalue().count("events:") == 4
    assert "\x1b" not in out.getvalue()
    assert set(teller.step_seconds) == {"post"}


def test_a_step_that_fails_has_no_time() -> None:
    """Half a step's seconds beside whole ones would mislead."""
    teller = Teller(Console(file=io.StringIO()))
    with pytest.raises(KeyError), teller.step("train", "training"):
        raise KeyError
    assert teller.step_seconds == {}


def test_a_function_apart_runs_in_another_process_and_answers() -> None:
    """Its memory is given back: the peak is a figure of the demo."""
    assert apart(os.getpid) != os.getpid()


def test_what_is_raised_apart_is_raised_here() -> None:
    """A failure in the other process must not look like success."""
    with pytest.raises(FileNotFoundError):
        apart(os.listdir, "/no/such/folder")


def test_a_process_that_dies_is_told() -> None:
    """Killed for want of memory, say: waiting for its answer would be for ever."""
    with pytest.raises(WorkError, match="exit code 3"):
        apart(os._exit, 3)


def test_a_process_apart_ends_with_its_killed_parent() -> None:
    """Whoever kills the demo outright must not find half of it still at work."""
    work = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    script = f"from demo.apart import apart\nif __name__ == '__main__': apart(exec, {work!r})"
    asked = [sys.executable, "-c", script]
    with subprocess.Popen(
        asked, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": search_path()}
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    with suppress(psutil.NoSuchProcess):
        assert child.wait(timeout=10) is None or child.status() == psutil.STATUS_ZOMBIE


def test_a_command_of_the_demo_ends_with_its_killed_parent(tmp_path: Path) -> None:
    """As above, for `leadline train`; deliver stands for it, as it works until it is told to end.

    Its lock names its process once it is at work: the tie has to hold then, not at its start.
    """
    lock = tmp_path / "run" / "deliver.lock"
    words = ["deliver", "--data", str(tmp_path)]
    script = (
        "import os, subprocess, sys\n"
        f"asked = [sys.executable, '-m', 'demo.tied', str(os.getpid()), *{words!r}]\n"
        "subprocess.run(asked)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": search_path()},
    ) as parent:
        deadline = time.monotonic() + 60
        while not (lock.exists() and lock.read_text().strip()):
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.02)
        child = psutil.Process(int(lock.read_text()))
        parent.kill()
    with suppress(psutil.NoSuchProcess):
        assert child.wait(timeout=10) is None or child.status() == psutil.STATUS_ZOMBIE


def test_memory_is_measured_over_the_whole_tree() -> None:
    """The figure is of all processes together."""
    assert PeakMemory().mib() > 1.0
