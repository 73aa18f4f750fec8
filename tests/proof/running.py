"""`leadline up` as a child, and `kill -9` for any of its processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from core.installation import Installation
from serving.running.embedded import free_port
from serving.running.supervisor import ROLES

ROOT = Path(__file__).parents[2]
VICTIMS = (*ROLES, "redis", "up")
START_S = 120.0


class Running:
    """`leadline up`, started again whenever it was killed itself."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._up = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(self._installation.root)
        words = ["up", "--port", str(self._port), "--data", root]
        with (self._installation.logs / "up.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", *words], cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """As soon as it is there: it may still be on its way back from the last time."""
        if name == "up":
            self._up.kill()
            self._up.wait()
            self._up = self._start()
            return
        until(lambda: self._kill_child(name), START_S, f"{name} runs")

    def _kill_child(self, name: str) -> bool:
        """False when it is not there."""
        child = self.find(name)
        if child is not None:
            child.kill()
        return child is not None

    def find(self, name: str) -> psutil.Process | None:
        assert self._up.poll() is None, f"`leadline up` gave up: see {self._installation.logs}"
        for child in psutil.Process(self._up.pid).children():
            with suppress(psutil.NoSuchProcess):
                if _is(name, child.cmdline()):
                    return child
        return None

    def await_ready(self) -> None:
        until(self._ready, START_S, "the api is ready")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._up.send_signal(signal.SIGINT)
        try:
            self._up.wait(60)
        except subprocess.TimeoutExpired:
            self._up.kill()


def _is(name: str, words: list[str]) -> bool:
    """The embedded server writes its own title over its command line."""
    return name in words or (name == "redis" and bool(words) and "-server" in words[0])


def until(true: Callable[[], bool], patience_s: float, told: str) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"not so after {patience_s:.0f} s: {told}"
        time.sleep(0.1)
