"""An experiment on a running api and worker: begun, broken and ended in the middle of traffic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import release
from core.database import reading
from scoring import experiment
from scoring.arms import CHALLENGER, CHAMPION, Arms
from scoring.experiment import Spec
from serving.release.trial import EXPERIMENT
from signals.exposure import EXPOSURE
from tests.half_each import half_each
from tests.serving.api.conftest import CLIENT_S, Rig

USERS = [f"tried-{number}" for number in range(40)]
LEADS = [{"user_id": user} for user in USERS]


@pytest.fixture(scope="module")
def two_models(rig: Rig, write_model: Callable[..., Any]) -> Iterator[None]:
    """Versions 11 (in force) and 12, and leads to score."""
    calls = [{"type": "page", "userId": user, "properties": {"path": "/"}} for user in USERS]
    assert rig.client.post("/v1/batch", json={"batch": calls}).status_code == 200
    rig.work()
    for version in ("11", "12"):
        write_model(rig.installation, version)
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version="11")
    _until(rig, lambda told: all(one["model"] is not None for one in told))
    yield
    release.make(
        rig.engine, 2, "test", model_name=None, model_version=None, rules_version=0, experiment=None
    )
    _until(rig, lambda told: all(one["model"] is None for one in told))


def spec(challenger: str) -> Spec:
    return half_each("11", challenger)


def _score(rig: Rig) -> list[dict[str, Any]]:
    response = rig.client.post("/v1/score/batch", json={"leads": LEADS, "explain": "none"})
    assert response.status_code == 200, response.text
    told: list[dict[str, Any]] = response.json()["results"]
    return told


def _until(rig: Rig, held: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + CLIENT_S
    while not held(told := _score(rig)):
        assert time.monotonic() < deadline, told[0]
        time.sleep(0.05)
    return told


def _begun(told: list[dict[str, Any]]) -> bool:
    return "experiment" in told[0]


def test_it_begins_and_ends_under_load_without_a_failed_or_a_mixed_answer(
    rig: Rig, two_models: None
) -> None:
    """All leads of one request are scored from one release, each by its own arm."""
    seen: list[list[dict[str, Any]]] = []
    failed: list[BaseException] = []
    enough = threading.Event()

    def ask() -> None:
        try:
            while not enough.is_set():
                seen.append(_score(rig))
        except BaseException as problem:  # noqa: BLE001 - handed to the test
            failed.append(problem)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    begun = experiment.begin(rig.engine, spec("12"), 5)
    _until(rig, _begun)
    experiment.end(rig.engine, 6, promote=True)
    _until(rig, lambda told: told[0]["model"]["version"] == "12" and not _begun(told))
    enough.set()
    for asker in askers:
        asker.join()
    assert not failed
    arms = Arms(rig.installation.secret(), begun.id, 0.5)
    versions = {CHAMPION: "11", CHALLENGER: "12"}
    for told in seen:
        assert len({_begun([one]) for one in told}) == 1
        for one in told:
            model = one["model"]
            if "experiment" not in one:
                assert model["arm"] is None
                continue
            arm = arms.place(one["lead_id"], one["account_id"]).arm
            assert one["experiment"] == {"id": begun.id, "arm": arm}
            assert (model["arm"], model["version"]) == (arm, versions[arm])
        if not _begun(told):
            assert len({one["model"]["version"] for one in told}) == 1
    assert any(_begun(told) for told in seen)
    release.make(rig.engine, 7, "test", model_version="11")


def test_who_was_scored_in_which_arm_is_kept_by_api_and_worker(rig: Rig, two_models: None) -> None:
    """The report is read from it; an audit finds there what an answer was made of."""
    begun = experiment.begin(rig.engine, spec("12"), 8)
    told = _until(rig, _begun)
    _until_in_worker(rig)
    calls = [{"type": "page", "userId": user, "properties": {"path": "/pricing"}} for user in USERS]
    assert rig.client.post("/v1/batch", json={"batch": calls}).status_code == 200
    rig.work()
    arms = {one["lead_id"]: one["experiment"]["arm"] for one in told}
    deadline = time.monotonic() + CLIENT_S
    while min((row.scores for row in _exposed(rig, begun.id)), default=0) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    rows = _exposed(rig, begun.id)
    assert {row.lead_id: row.arm for row in rows} == arms
    assert set(arms.values()) == {CHAMPION, CHALLENGER}
    experiment.end(rig.engine, 9, promote=False)
    _until(rig, lambda told: not _begun(told))


def _until_in_worker(rig: Rig) -> None:
    """The worker's own look is at most its polling interval old."""
    time.sleep(2 * rig.settings.models.poll_s)


def _exposed(rig: Rig, number: str) -> list[Any]:
    with reading(rig.engine) as record:
        return list(record.execute(sa.select(EXPOSURE).where(EXPOSURE.c.experiment == number)))


def test_a_challenger_that_cannot_load_is_named_and_nobody_notices_otherwise(
    rig: Rig, two_models: None
) -> None:
    """Whoever looks after the system sees it; whoever asks for a score gets one."""
    experiment.begin(rig.engine, spec("13"), 10)
    told = _until(rig, lambda told: EXPERIMENT in told[0]["degraded"])
    assert {one["model"]["version"] for one in told} == {"11"}
    assert rig.client.get("/readyz").json() == {"status": "ready", "degraded": [EXPERIMENT]}
    assert EXPERIMENT in rig.client.get("/healthz").json()["degraded"]
    experiment.end(rig.engine, 11, promote=False)
    _until(rig, lambda told: not told[0]["degraded"])
    assert rig.client.get("/readyz").json() == {"status": "ready"}
