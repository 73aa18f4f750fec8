"""One child of the supervisor, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import WorkError
from serving.running import child as child_module
from serving.running.child import Child

ROOT = Path(__file__).parents[2]
SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def child_of(folder: Path, code: str) -> Child:
    return Child("child", [sys.executable, "-c", code], folder / "child.log", folder)


def until(true: Callable[[], bool]) -> None:
    """Waits for something that must happen; a test that waits for ever names itself by its name."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_crashed_child_is_started_again(tmp_path: Path) -> None:
    """A role that died of one bad moment must not stay away for the night."""
    child = child_of(tmp_path, SLEEP)
    child.start()
    before = child.pid
    assert before is not None

    os.kill(before, signal.SIGKILL)
    until(lambda: child.look() == -signal.SIGKILL)
    until(lambda: (child.look(), child.running())[1])

    assert child.pid != before
    child.stop(lambda: 5.0)


def test_one_that_cannot_live_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator hears the child's own last words, and where the rest is."""
    monkeypatch.setattr(child_module, "PAUSE_S", 0.01)
    child = child_of(tmp_path, "import sys; print('no room', file=sys.stderr); sys.exit(1)")
    child.start()

    with pytest.raises(WorkError, match="no room") as given_up:
        until(lambda: bool(child.look()) and False)

    assert str(child.log) in given_up.value.do
    child.stop(lambda: 5.0)


def test_a_deaf_child_is_killed_when_patience_ends(tmp_path: Path) -> None:
    """Ctrl-C stops everything: a hanging child may delay that, not prevent it."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEP
    child = child_of(tmp_path, deaf)
    child.start()
    pid = child.pid
    assert pid is not None
    until(lambda: "up" in child.log.read_text())

    child.stop(lambda: 0.0)

    assert not alive(pid)


def test_it_leaves_no_grandchild_behind(tmp_path: Path) -> None:
    """A role may have begun a process of its own: that goes with it."""
    parent = (
        "import subprocess, sys, time;"
        "sub = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(sub.pid, flush=True); time.sleep(60)"
    )
    child = child_of(tmp_path, parent)
    child.start()
    until(lambda: child.log.read_text().endswith("\n"))
    grandchild = int(child.log.read_text())

    child.stop(lambda: 5.0)

    until(lambda: not alive(grandchild))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's word is Linux's own")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """kill -9 gives it no chance to stop them; orphans would hold ports and locks."""
    supervise = (
        "import sys, time; from pathlib import Path; from serving.running.child import Child;"
        f"child = Child('c', [sys.executable, '-c', {SLEEP!r}], Path(sys.argv[1]) / 'c.log',"
        " Path(sys.argv[1])); child.start(); print(child.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", supervise, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        assert alive(pid)
        supervisor.kill()

    until(lambda: not alive(pid))


def test_its_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk full of logs stops the event log beside it."""
    monkeypatch.setattr(child_module, "LOG_LIMIT", 10)
    (tmp_path / "child.log").write_text("older than this start\n")
    child = child_of(tmp_path, SLEEP)

    child.start()

    assert (tmp_path / "child.log.1").read_text() == "older than this start\n"
    child.stop(lambda: 5.0)
