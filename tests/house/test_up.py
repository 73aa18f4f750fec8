"""`leadline up` with everything that it really starts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.installation import Installation
from serving.running.embedded import free_port
from tests.house.running import ROOT, Running

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("up"))
    running.until_told("ready at")
    yield running
    if running.process.poll() is None:
        running.end()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_second_start_in_the_same_folder_is_refused(running: Running) -> None:
    """Two workers on one record would count everything twice."""
    second = running.leadline("up", "--port", str(free_port()))

    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert "already runs" in second.stderr


def test_a_used_port_is_one_clear_line(running: Running, tmp_path: Path) -> None:
    """The most common trouble of a first start."""
    command = ["up", "--port", str(running.port), "--data", str(tmp_path)]
    other = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert other.returncode == 2
    assert other.stderr.count("\n") == 1
    assert f"port {running.port}" in other.stderr


def test_doctor_finds_nothing_wrong(running: Running) -> None:
    """What it says of a healthy installation must not send anybody searching."""
    done = running.leadline("doctor", "--port", str(running.port), "--json")
    findings = json.loads(done.stdout)

    assert done.returncode == 0
    assert {finding["subject"]: finding["state"] for finding in findings} == {
        "python": "ok", "libgomp": "ok", "embedded server": "ok", "disk": "ok", "settings": "ok",
        "data folder": "ok", "record": "ok", "release": "note", "event log": "ok",
        "feature registry": "ok", "model registry": "note", "online store": "ok", "api": "ok",
    }  # fmt: skip


def test_a_killed_worker_and_server_lose_nothing(running: Running) -> None:
    """Both are started again where they were, and the event accepted meanwhile is scored."""
    key = json.loads(running.leadline("keys", "create", "--kind", "secret", "--json").stdout)["key"]
    server = int(Installation(running.folder).logs.joinpath("redis.log").read_text().split(":")[0])
    os.kill(running.pid("worker"), signal.SIGKILL)
    os.kill(server, signal.SIGKILL)

    page = {"anonymousId": "a-1", "name": "Pricing", "properties": {"path": "/pricing"}}
    assert running.post("/v1/page", key, page).json() == {"success": True}

    def scored() -> bool:
        answer = running.post("/v1/score", key, {"lead": {"anonymous_id": "a-1"}})
        return answer.status_code == 200 and answer.json()["degraded"] == ["model"]

    until(scored)


def test_a_failed_event_is_listed_and_shown(running: Running) -> None:
    """An event without any id is kept with its reason, not lost."""
    key = json.loads(running.leadline("keys", "create", "--kind", "write", "--json").stdout)["key"]
    running.post("/v1/track", key, {"event": "Nobody"})

    until(lambda: len(json.loads(running.leadline("failed", "list", "--json").stdout)) == 1)

    (event,) = json.loads(running.leadline("failed", "list", "--json").stdout)
    shown = running.leadline("failed", "show", str(event["offset"]))
    assert '"event":"Nobody"' in shown.stdout
    assert "identifier" in shown.stdout


def test_an_interrupt_stops_everything(running: Running) -> None:
    """Runs last: no process, no address, no lock that would refuse the next start."""
    pids = [running.pid(role) for role in ("api", "worker", "deliver")]

    assert running.end() == 0

    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not (running.folder / "run" / "redis.json").exists()


def test_a_role_that_cannot_start_says_why_and_stops_all(tmp_path: Path) -> None:
    """A wrong destination is the operator's to repair: restarting would hide it in a log."""
    settings = 'signals: {destinations: {"webhook:crm": {kind: webhook, url: "http://x"}}}'
    (tmp_path / "leadline.yaml").write_text(settings)
    wrong = Running(tmp_path)

    told, _ = wrong.process.communicate(timeout=60)

    assert wrong.process.returncode == 2
    assert "signals.destinations.webhook:crm.secret" in told
    assert "Traceback" not in told
