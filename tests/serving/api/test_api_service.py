"""The BentoML service alone: a built bento answers score calls as the api does, byte for byte."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from serving.running.embedded import free_port

ROOT = Path(__file__).parents[3]
MARK = "as the bento holds it"
PINNED = re.compile(r"^[^\s=;]+==[^\s;]+", re.MULTILINE)
NOW = re.compile(rb'"as_of":"[^"]+"')


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bento store of its own, with one bento in it."""
    home = tmp_path_factory.mktemp("bentoml")
    made = subprocess.run(
        [sys.executable, "-m", "bentoml", "build", "--output", "tag"],
        cwd=ROOT,
        env=_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("__tag__:lead_scoring:")
    return home


def _environment(home: Path) -> dict[str, str]:
    """Nothing of this checkout is on the search path, and no package index can be reached."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    kept = {name: told for name, told in os.environ.items() if name != "PYTHONPATH"}
    told = {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "true"}
    return kept | told | {"PIP_INDEX_URL": nowhere, "UV_INDEX_URL": nowhere, "UV_OFFLINE": "1"}


def sources(store: Path) -> Path:
    (bento,) = store.glob("bentos/lead_scoring/*/src")
    return bento


def test_a_bento_holds_our_code_and_the_lock_and_nothing_else(store: Path) -> None:
    """What an operator audits: no other people's code, no data, no caches."""
    held = [file for file in sources(store).rglob("*") if file.is_file()]
    names = {str(file.relative_to(sources(store))) for file in held} - {"bentofile.yaml"}
    assert "serving/service.py" in names
    assert "rules/catalog/fit.yaml" in names
    rooms = {"core", "events", "features", "rules", "scoring", "signals", "serving", "LICENSE"}
    assert {name.split("/")[0] for name in names} == rooms
    assert all((ROOT / name).read_bytes() == (sources(store) / name).read_bytes() for name in names)
    assert not any("__pycache__" in name for name in names)
    asked = yaml.safe_load((sources(store).parent / "bento.yaml").read_text())["image"]
    assert "libgomp1" in " ".join(asked["commands"])
    locked = PINNED.findall((ROOT / "requirements.lock").read_text())
    assert len(locked) > 100
    assert set(PINNED.findall(asked["python_requirements"])) == set(locked)


@pytest.fixture(scope="module")
def alone(rig: Any, store: Path) -> Iterator[httpx.Client]:
    """`bentoml serve lead_scoring:latest` on the installation of the api, from another folder."""
    pages = sources(store) / "serving" / "http" / "documents.py"
    pages.write_text(pages.read_text().replace('"title": "Leadline"', f'"title": "{MARK}"'))
    port = free_port()
    command = [sys.executable, "-m", "bentoml", "serve", "lead_scoring:latest"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=store,
        env=_environment(store) | {"LEADLINE_DATA": str(rig.installation.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, auth=(rig.secret_key, ""), timeout=10) as client:
            _await(client)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(client: httpx.Client) -> None:
    for _ in range(1_200):
        try:
            if client.get("/docs.json").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("bentoml serve never answered")


def test_a_built_bento_gives_the_answers_of_the_api(rig: Any, alone: httpx.Client) -> None:
    """For who runs scoring apart: one code path decides in both, so the bytes are equal, but for
    the moment of the answer.
    """
    rig.client.post("/v1/page", json={"userId": "b-1", "properties": {"path": "/pricing"}})
    rig.client.post("/v1/group", json={"userId": "b-1", "groupId": "b-g"})
    rig.work()
    lead = {"user_id": "b-1"}
    for explain in ("none", "short", "full"):
        for path, ask in (
            ("/v1/score", {"lead": lead}),
            ("/v1/score/batch", {"leads": [lead, {"user_id": "nobody"}]}),
            ("/v1/accounts/score", {"account": {"group_id": "b-g"}}),
        ):
            told = [one.post(path, json={**ask, "explain": explain}) for one in (alone, rig.client)]
            assert [one.status_code for one in told] == [200, 200], told[0].text
            bodies = [NOW.sub(b"", one.content) for one in told]
            assert bodies[0] == bodies[1]
    then = rig.client.get("/v1/score", params=lead).json()["as_of"]
    past = {"lead": lead, "as_of": then}
    assert alone.post("/v1/score", json=past).content == (
        rig.client.post("/v1/score", json=past).content
    )


def test_it_refuses_as_the_api_does_and_shows_no_other_route(
    rig: Any, alone: httpx.Client, problem_of: Any
) -> None:
    """And what answers is what the store holds, not this checkout."""
    ask = {"lead": {"user_id": "b-1"}}
    problem_of(alone.post("/v1/score", json={}), 400)
    problem_of(alone.get("/v1/leads/x"), 404)
    problem_of(httpx.post(f"{alone.base_url}/v1/score", json=ask), 403)
    problem_of(alone.post("/v1/score", json=ask, auth=(rig.write_key, "")), 403)
    told = alone.get("/docs.json").json()
    scores = {"/v1/score", "/v1/score/batch", "/v1/accounts/score"}
    assert set(told["paths"]) == {*scores, "/metrics"}
    assert told["info"]["title"] == MARK


def test_it_tells_its_stages_what_it_lacked_and_whom_it_turned_away(alone: httpx.Client) -> None:
    """Without a key, as the api's: else nobody sees that a bento degrades. Its probes are
    BentoML's, which know nothing of that.
    """
    wrong = alone.get("/v1/score", params={"user_id": "b-1"}, headers={"X-Request-Timeout-Ms": "0"})
    assert wrong.status_code == 504
    told = httpx.get(f"{alone.base_url}/metrics", timeout=10)
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain")
    lines = dict(one.rsplit(" ", 1) for one in told.text.splitlines() if not one.startswith("#"))
    assert float(lines['leadline_score_stage_seconds_count{stage="find"}']) > 0
    assert float(lines['leadline_scores_turned_away_total{why="late"}']) == 1
    refused = 'leadline_requests_total{method="GET",route="/v1/score",status="504"}'
    assert float(lines[refused]) == 1
    assert "leadline_scores_degraded_total" in told.text
    assert "leadline_release" in lines
    for probe in ("/livez", "/readyz", "/healthz"):
        assert (alone.get(probe).status_code, alone.get(probe).text) == (200, "\n")
