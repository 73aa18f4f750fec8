"""The api as a process of its own: how it starts, and what is left when it dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from core.clock import SystemClock
from core.database import open_record
from core.installation import Installation
from events.intake.log import EventLog
from serving.keys import KeyKind, create
from serving.running.embedded import free_port


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Without an online store: accepting events needs none."""
    store = f"redis://127.0.0.1:{free_port()}"
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "api", "--data", str(folder), "--port", str(port)],
        env={**os.environ, "LEADLINE__REDIS__URL": store},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_ready(process: subprocess.Popen[str], url: str) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the api never became ready")


def test_a_port_in_use_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    """The most likely mistake of all."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path, port)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"port {port}" in told
    assert "--port" in told
    assert "Traceback" not in told


def test_what_was_answered_is_in_the_log_after_kill_9(tmp_path: Path) -> None:
    """200 is a promise: a process that dies in the middle of traffic keeps it."""
    installation = Installation(tmp_path).create()
    key = create(open_record(installation.record_db), KeyKind.WRITE, SystemClock().now()).key
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = start(tmp_path, port)
    await_ready(process, url)
    answered: list[str] = []

    def post(sender: int) -> None:
        with httpx.Client(base_url=url, auth=(key, "")) as client:
            for at in range(10_000):
                name = f"{sender}-{at}"
                try:
                    call = {"anonymousId": "a", "messageId": name}
                    if client.post("/v1/page", json=call).status_code == 200:
                        answered.append(name)
                except httpx.TransportError:
                    return

    senders = [threading.Thread(target=post, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    while len(answered) < 200:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for sender in senders:
        sender.join()
    log = EventLog(installation.log_db)
    kept = [json.loads(raw.body)["messageId"] for raw in log.read(0, 100_000)]
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))
    log.close()
