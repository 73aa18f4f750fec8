"""A server in a process of its own: started, waited for, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

READY_S = 90.0
ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def serving(
    module: Sequence[str], log: Path, ready: str, variables: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Runs `python -m <module…>` until the block ends; yields its process id once `ready` answers.

    RuntimeError when it ends before that or takes too long. Its last words are noted on each that
    leaves the block.
    """
    environment = {**os.environ, **(variables or {}), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=environment, stdout=output, stderr=output
        )
    try:
        _await(process, ready)
        yield process.pid
    except RuntimeError as problem:
        problem.add_note(f"the last words of {module[0]}: {log.read_text()[-2_000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], ready: str) -> None:
    deadline = time.monotonic() + READY_S
    while not _answers(ready):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{ready} never answered")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own server on loopback
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
