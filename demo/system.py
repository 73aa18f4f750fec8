"""The running installation, as the demo drives it: start, ask, train, stop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from core.clock import SystemClock
from core.database import open_record
from core.errors import StartError, WorkError
from core.installation import Installation
from serving.keys import KeyKind, create
from serving.running.child import Child

READY_S = 180.0
STOP_S = 45.0
LAST_WORDS = 20
"""Lines: a fault has all its problems and what to do below it."""
_LOOK_S = 0.1
_ROOT = Path(__file__).resolve().parent.parent


class System:
    """One `leadline up` as a child. `stop` is safe at any moment, and again."""

    def __init__(self, installation: Installation, port: int) -> None:
        self.installation = installation
        self.url = f"http://127.0.0.1:{port}"
        root = str(installation.root)
        command = [sys.executable, "-m", "cli", "up", "--port", str(port), "--data", root]
        self._up = Child("up", command, installation.logs / "up.log", installation.root)
        self._record: sa.Engine | None = None

    def start(self) -> None:
        """Returns at once; `await_ready` waits. Call it before any thread is started."""
        self._up.start()

    def await_ready(self) -> None:
        """Until scores are answered. StartError or WorkError with the child's own last words."""
        deadline = time.monotonic() + READY_S
        while not self._answers():
            self.check()
            if time.monotonic() > deadline:
                raise WorkError(f"not ready after {READY_S:.0f} s", do=f"its log: {self._up.log}")
            time.sleep(_LOOK_S)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    def check(self) -> None:
        """Raises when the system has ended by itself."""
        if self._up.running():
            return
        told = "\n".join(["`leadline up` ended:", *self._up.last_words(LAST_WORDS)])
        failure = StartError if self._up.look() == StartError.exit_code else WorkError
        raise failure(told, do=f"its log: {self._up.log}")

    def stop(self) -> None:
        """Asks `leadline up` to stop all its children, and kills what is left."""
        if self._record is not None:
            self._record.dispose()
        deadline = time.monotonic() + STOP_S
        self._up.stop(lambda: deadline - time.monotonic())

    @property
    def pid(self) -> int | None:
        return self._up.pid

    @property
    def record(self) -> sa.Engine:
        """The installation's record; the system has created it once it is ready."""
        if self._record is None:
            self._record = open_record(self.installation.record_db)
        return self._record

    def client(self, kind: KeyKind) -> httpx.Client:
        """A connection of its own, with a new key of this kind."""
        key = create(self.record, kind, SystemClock().now()).key
        headers = {"authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60.0, trust_env=False)

    def command(self, *arguments: str) -> dict[str, Any]:
        """Runs `leadline …  --json` on this installation and returns the object it prints last.

        WorkError with its own words when it did not end with 0.
        """
        log = self.installation.logs / f"{arguments[0]}.log"
        tied = [sys.executable, "-m", "demo.tied", str(os.getpid())]
        asked = [*tied, *arguments, "--data", str(self.installation.root), "--json"]
        with log.open("wb") as errors:
            ended = subprocess.run(
                asked,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": search_path()},
                check=False,
            )
        if ended.returncode != 0:
            words = log.read_text(errors="replace").strip().splitlines()
            told = words[-1] if words else "it left no word"
            raise WorkError(f"`leadline {arguments[0]}` did not work: {told}", do=f"its log: {log}")
        return last_object(ended.stdout)


def search_path() -> str:
    """Our packages are found whether or not the project is installed."""
    return os.pathsep.join(part for part in (str(_ROOT), os.environ.get("PYTHONPATH")) if part)


def last_object(printed: bytes) -> dict[str, Any]:
    """The JSON object that ends `printed`, on one line or on many. WorkError if there is none."""
    lines = printed.decode(errors="replace").splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("{")]
    for at in reversed(starts):
        try:
            return msgspec.json.decode("\n".join(lines[at:]), type=dict[str, Any])
        except msgspec.MsgspecError:
            continue
    raise WorkError("a command printed no JSON object", do="run it alone to see what it prints")
