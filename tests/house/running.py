"""One `leadline up` for the tests that need everything that it really starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from serving.running.embedded import free_port

ROOT = Path(__file__).parents[2]


class Running:
    """One `leadline up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process = subprocess.Popen(
            self.command("up", "--port", str(self.port)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "cli", *words, "--data", str(self.folder)]

    def leadline(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def until_told(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return
        pytest.fail(f"ended without telling: {words}")

    def pid(self, role: str) -> int:
        return int((self.folder / "run" / f"{role}.lock").read_text())

    def post(self, path: str, key: str, body: object) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, auth=(key, ""))

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)
