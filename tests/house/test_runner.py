"""A role alone, asked to stop by a signal."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = """
from serving.roles.runner import run_until_signal

def role(stop):
    print("running", flush=True)
    stop.wait()
    print("stopped in order", flush=True)

run_until_signal(role)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_the_role_finish(number: signal.Signals) -> None:
    """The batch in hand is finished; nothing accepted is cut off in the middle."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(number)

        assert process.stdout.read() == "stopped in order\n"
    assert process.returncode == 0


def test_what_a_role_raises_reaches_the_command_line() -> None:
    """It runs in a thread, where an error would otherwise end nothing but the thread."""
    code = RUN.replace('print("running", flush=True)', "raise ZeroDivisionError")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
