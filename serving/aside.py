"""A command of ours as a process of low priority, for heavy work that disturbs nobody."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core.errors import WorkError
from core.installation import Installation

_LOOK_S = 0.5


def run_aside(
    words: Sequence[str], installation: Installation, log: Path, stop: threading.Event
) -> None:
    """Runs `leadline WORDS` and waits for its end; asked to stop, kills it and returns.

    WorkError, with the last line of its log, when it did not end well.
    """
    command = ["nice", "-n", "19", sys.executable, "-m", "cli", *words]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, "--data", str(installation.root)],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            if stop.wait(_LOOK_S):
                process.kill()
                process.wait()
                return
    if process.returncode != 0:
        said = log.read_text(errors="replace").strip() or "it left no word"
        raise WorkError(f"`leadline {' '.join(words)}` did not work: {said.splitlines()[-1]}")
