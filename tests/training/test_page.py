"""MLflow's pages: on this machine, for reading, and begun only when somebody looks."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.database import open_record
from core.installation import Installation
from training.page import guarded

ROOT = Path(__file__).parents[2]


def status(method: str, path: str, host: str) -> str:
    """Of a request to pages that would answer everything."""
    told: list[str] = []

    def pages(environ, start):
        start("200 OK", [])
        return [b""]

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": host}
    list(guarded(pages)(environ, lambda line, headers: told.append(line)))
    return told[0][:3]


API = "/ajax-api/2.0/mlflow"


@pytest.mark.parametrize(
    ("method", "path", "host", "wanted"),
    [
        ("GET", "/", "127.0.0.1:5000", "200"),
        ("GET", "/", "localhost", "200"),
        ("POST", f"{API}/runs/search", "localhost:5000", "200"),
        ("POST", "/graphql", "localhost:5000", "200"),
        ("POST", "/ajax-api/3.0/mlflow/traces/metrics", "localhost:5000", "200"),
        ("POST", f"{API}/registered-models/get-latest-versions", "localhost:5000", "200"),
        ("POST", f"{API}/runs/log-metric", "localhost:5000", "403"),
        ("POST", "/ajax-api/3.0/mlflow/traces", "localhost:5000", "403"),
        ("GET", "/", "rebound.example:5000", "403"),
        ("GET", "/", "127.0.0.1.rebound.example", "403"),
        ("GET", "/", "", "403"),
        ("POST", f"{API}/registered-models/alias", "localhost:5000", "403"),
        ("DELETE", f"{API}/registered-models/delete", "localhost:5000", "403"),
        ("PATCH", f"{API}/model-versions/update", "localhost:5000", "403"),
        ("PUT", f"{API}/runs/search", "localhost:5000", "403"),
        ("GET", f"{API}/gateway-proxy", "localhost:5000", "403"),
    ],
)
def test_only_this_machine_may_read_and_nobody_may_change(method, path, host, wanted):
    """The server asks nobody who he is: a web page that points here must not promote."""
    assert status(method, path, host) == wanted


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    installation = Installation(tmp_path).create()
    open_record(installation.record_db).dispose()
    command = [sys.executable, "-m", "cli", "models", "ui", "--data", str(tmp_path)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(30)


def test_the_pages_answer_from_the_installations_own_store(page: str, tmp_path: Path) -> None:
    """The first look starts MLflow, and is answered by it; until then there is not even a store."""
    store = tmp_path / "mlflow" / "mlflow.db"
    assert not store.exists()
    assert httpx.get(f"{page}/version", timeout=120).text.startswith("3.")
    found = httpx.get(f"{page}{API}/registered-models/search", timeout=60)
    assert found.status_code == 200
    assert found.json() == {}
    assert store.exists()
