"""One child process of the supervisor: started, watched, started again with patience, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import WorkError

_PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10_000_000
PAUSE_S = 0.25  # before the first new start; each further one doubles it
FAST_CRASHES = 5
FAST_S = 30.0
"""So many ends, each within this time of its start, and trying on is pointless."""


class Child:
    """A command that should be running until it is told to stop.

    Its stderr goes to `log` (and stdout too, unless it is `talking`: then people see it).
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, cwd: Path, talking: bool = False
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._cwd = cwd
        self._talking = talking
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._log_from = 0
        self._crashes = 0
        self._due: float | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """In a session of its own: Ctrl-C reaches only the supervisor, which has an order."""
        _turn_over(self.log)
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=None if self._talking else log,
                stderr=log,
                cwd=self._cwd,
                env=os.environ | {"PYTHONPATH": _search_path(), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509  (the supervisor has no threads)
            )
        self._started = time.monotonic()
        self._due = None

    def look(self) -> int | None:
        """Starts it again when it has ended and its pause is over.

        Returns the exit code at the moment an end is noticed, else None. WorkError after
        `FAST_CRASHES` quick ends in a row.
        """
        now = time.monotonic()
        if self._due is not None:
            if now >= self._due:
                self.start()
            return None
        code = self._process.poll() if self._process else None
        if code is not None:
            self._note_end(code, now)
        return code

    def _note_end(self, code: int, now: float) -> None:
        self._crashes = self._crashes + 1 if now - self._started < FAST_S else 1
        if self._crashes >= FAST_CRASHES:
            raise WorkError(
                f"{self.name} ended {self._crashes} times in a row (exit code {code}): "
                f"{self.last_words()[0]}",
                do=f"its log: {self.log}",
            )
        self._due = now + min(PAUSE_S * 2**self._crashes, 10.0)

    def last_words(self, lines: int = 1) -> list[str]:
        """The last lines that are not empty of what it wrote to its log since its start."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                told = log.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            told = []
        return [line for line in told if line.strip()][-lines:] or ["it left no word"]

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, patience_s: Callable[[], float]) -> None:
        """Asks it to end, and kills it once `patience_s()` has fallen to zero."""
        process, self._due = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            while process.poll() is None and patience_s() > 0:
                time.sleep(0.02)
        # The session is killed even when its leader ended well: it may have left children.
        _kill_session(process)
        process.wait()
        self._process = None


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends a child whose supervisor was killed; elsewhere it stays behind."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    supervisor = os.getpid()

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:  # it died between fork and this line
            os._exit(1)

    return ask_the_kernel


def _search_path() -> str:
    """Children find our packages whether or not the project is installed."""
    ours = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(part for part in (ours, os.environ.get("PYTHONPATH")) if part)


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
