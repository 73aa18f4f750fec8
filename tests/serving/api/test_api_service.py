"""The BentoML service alone: `bentoml serve` answers score calls as the api does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from serving.embedded import free_port


def test_bentoml_serves_the_same_answers_by_itself(rig: Any, problem_of: Any) -> None:
    """For who runs scoring apart: one code path decides in both, so the answers are equal."""
    rig.client.post("/v1/page", json={"userId": "b-1", "properties": {"path": "/pricing"}})
    rig.work()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    root = str(rig.installation.root)
    told = {"LEADLINE_DATA": root, "BENTOML_HOME": f"{root}/bentoml", "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "bentoml", "serve", "serving.service:LeadScoring"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        client = httpx.Client(base_url=url, auth=(rig.secret_key, ""), timeout=10)
        _await(client)
        ask = {"lead": {"user_id": "b-1"}}
        alone = client.post("/v1/score", json=ask)
        inside = rig.client.post("/v1/score", json=ask)
        assert alone.status_code == 200, alone.text
        assert {**alone.json(), "as_of": ""} == {**inside.json(), "as_of": ""}
        problem_of(client.post("/v1/score", json={}), 400)
        problem_of(client.get("/v1/leads/x"), 404)
        problem_of(httpx.post(f"{url}/v1/score", json=ask), 403)
        assert set(client.get("/docs.json").json()["paths"]) == {
            "/v1/score", "/v1/score/batch", "/v1/accounts/score",
        }  # fmt: skip
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(client: httpx.Client) -> None:
    for _ in range(400):
        try:
            if client.get("/docs.json").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("bentoml serve never answered")
