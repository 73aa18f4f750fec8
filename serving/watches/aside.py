"""A command of ours as a process of low priority, for heavy work that disturbs nobody."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import WorkError
from core.installation import Installation

_LOOK_S = 0.5


LOG_LIMIT = 1_000_000


def run_aside(
    words: Sequence[str],
    installation: Installation,
    log: Path,
    stop: threading.Event,
    *,
    nice: int = 19,
    most_s: float = math.inf,
    keep_log: bool = False,
) -> None:
    """Runs `leadline WORDS` and waits for its end; asked to stop, kills it and returns.

    With `keep_log` it writes behind what earlier runs have written. WorkError, with the last line
    of its log, when it did not end well, or was killed because it took longer than `most_s`.
    """
    command = ["nice", "-n", str(nice), sys.executable, "-m", "cli", *words]
    keep_log = keep_log and log.exists() and log.stat().st_size < LOG_LIMIT
    began = time.monotonic()
    with log.open("ab" if keep_log else "wb") as told:
        process = subprocess.Popen(
            [*command, "--data", str(installation.root)],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            late = time.monotonic() - began > most_s
            if late or stop.wait(_LOOK_S):
                process.kill()
                process.wait()
                if late:
                    raise WorkError(f"`leadline {' '.join(words)}` took longer than {most_s:g} s")
                return
    if process.returncode != 0:
        said = log.read_text(errors="replace").strip() or "it left no word"
        raise WorkError(f"`leadline {' '.join(words)}` did not work: {said.splitlines()[-1]}")
