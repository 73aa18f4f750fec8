"""A promoted model answers without a restart, and what it tells adds up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from core import release


@pytest.fixture(scope="module")
def promoted(rig: Any, write_model: Any) -> Iterator[str]:
    """Version 7 in force while these tests run."""
    rig.client.post("/v1/page", json={"userId": "m-1", "properties": {"path": "/pricing"}})
    rig.work()
    write_model(rig.installation, "7")
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version="7")
    yield "7"
    release.make(rig.engine, 2, "test", model_name=None, model_version=None)
    _until(rig, lambda told: told["model"] is None)


def _until(rig: Any, held: Any) -> dict[str, Any]:
    """The first answer of which `held` is true; fails after some seconds."""
    for _ in range(100):
        told: dict[str, Any] = rig.client.get("/v1/score", params={"user_id": "m-1"}).json()
        if held(told):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_promoted_model_is_served_without_a_restart(rig: Any, promoted: str) -> None:
    """And nothing is degraded any more."""
    told = _until(rig, lambda told: told["model"] is not None)
    assert told["model"]["name"] == "lead_propensity"
    assert told["model"]["version"] == promoted
    assert told["degraded"] == []
    assert 0 < told["propensity"] < 1


def test_contributions_and_base_sum_to_the_margin(rig: Any, promoted: str) -> None:
    """An explanation that does not add up is none."""
    _until(rig, lambda told: told["model"] is not None)
    ask = {"lead": {"user_id": "m-1"}, "explain": "full"}
    told = rig.client.post("/v1/score", json=ask).json()
    assert sum(told["contributions"].values()) + told["base"] == pytest.approx(
        told["margin"], abs=1e-6
    )


def test_single_and_batch_give_the_same_answer(rig: Any, promoted: str) -> None:
    """One code path for both."""
    _until(rig, lambda told: told["model"] is not None)
    lead = {"user_id": "m-1"}
    one = rig.client.post("/v1/score", json={"lead": lead}).json()
    many = rig.client.post("/v1/score/batch", json={"leads": [lead]}).json()["results"][0]
    one.pop("as_of")
    many.pop("as_of")
    assert many == {**one, "priority": pytest.approx(one["priority"], abs=0.2)}


def test_a_champion_that_cannot_be_loaded_is_named_by_all_who_tell(rig: Any, promoted: str) -> None:
    """The one before it answers, and whoever runs it learns why it is still that one."""
    release.make(rig.engine, 3, "test", model_name="lead_propensity", model_version="8")
    try:
        told = _until(rig, lambda told: told["degraded"] == ["model"])
        assert told["model"]["version"] == promoted
        ready = rig.client.get("/readyz")
        assert (ready.status_code, ready.json()["degraded"]) == (200, ["model"])
        assert "lead_propensity 8 refused" in ready.json()["detail"]
        health = rig.client.get("/healthz").json()
        assert (health["status"], health["degraded"]) == ("degraded", ["model"])
        assert health["release"]["model"]["version"] == promoted
    finally:
        release.make(rig.engine, 4, "test", model_name="lead_propensity", model_version=promoted)
    _until(rig, lambda told: not told["degraded"])
