"""One process for one duty in one folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StartError
from core.locks import held

HOLD = (
    "import sys; from pathlib import Path; from core.locks import held\n"
    "with held(Path(sys.argv[1]), 'worker'):\n    print('held', flush=True); sys.stdin.read()"
)
ROOT = Path(__file__).parents[2]


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    """Two workers would both believe the offset to be theirs."""
    lock = tmp_path / "run" / "worker.lock"
    lock.parent.mkdir()
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(StartError, match=rf"process {holder.pid}"), held(lock, "worker"):
            pass

        holder.kill()


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    """A lock file that outlives a crash would keep the next start waiting for ever."""
    lock = tmp_path / "worker.lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()

    with held(lock, "worker"):
        pass


def test_it_can_be_held_again_after_a_failure(tmp_path: Path) -> None:
    """A start that failed must not stand in the way of the next."""
    lock = tmp_path / "up.lock"

    def fail() -> None:
        with held(lock, "up"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with held(lock, "up"):
        assert lock.exists()
