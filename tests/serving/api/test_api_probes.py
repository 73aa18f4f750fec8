"""Probes and figures of the api: what they say while all is well, and while something is not."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from serving.figures.heartbeat import BEAT_S, LATE_S, Heartbeat
from serving.http import operations

STAGES = {"find", "read", "vector", "facts", "rules", "stand", "answer"}


class Ticking:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def samples(text: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_missed_beats_are_told_until_the_loop_turns_again() -> None:
    """A loop whose timers no longer come is no live one, though it answers a probe."""
    clock = Ticking()
    heart = Heartbeat(clock)
    assert heart.late_s() == 0.0  # nothing is late before the first beat
    heart.beat()
    parts: Any = SimpleNamespace(heartbeat=heart)
    request = Request({"type": "http"})
    clock.now += BEAT_S
    assert asyncio.run(operations.livez(parts, request)).status_code == 200
    clock.now += LATE_S + 1
    answer = asyncio.run(operations.livez(parts, request))
    assert answer.status_code == 503
    assert b"6 s late" in answer.body
    heart.beat()
    assert asyncio.run(operations.livez(parts, request)).status_code == 200
    assert heart.take_worst() == pytest.approx(6.0)
    assert heart.take_worst() == 0.0


def test_a_blocked_loop_says_nothing() -> None:
    """The probe is answered in the loop: while that is blocked, nobody can say that it is well."""

    async def blocked() -> list[str]:
        told: list[str] = []
        parts: Any = SimpleNamespace(heartbeat=Heartbeat())

        async def probe() -> None:
            await operations.livez(parts, Request({"type": "http"}))
            told.append("ok")

        probing = asyncio.create_task(probe())
        time.sleep(0.01)
        told.append("blocked")
        await probing
        return told

    assert asyncio.run(blocked()) == ["blocked", "ok"]


def test_the_loop_of_the_api_beats(rig: Any) -> None:
    """Without its task the first missed beats would end a healthy process."""
    text = rig.client.get("/metrics").text
    (late,) = samples(text)["leadline_loop_late_seconds"]
    assert late.value < LATE_S
    time.sleep(2 * BEAT_S)
    assert rig.client.get("/livez").json() == {"status": "ok"}


def test_readiness_names_what_scores_do_without(rig: Any) -> None:
    """Model and online store only degrade: a service that answers is not taken out of traffic."""
    rig.work()
    assert rig.client.get("/readyz").json() == {"status": "ready", "degraded": ["model"]}
    rig.stop_store()
    try:
        told = rig.client.get("/readyz")
        assert told.status_code == 200
        assert told.json()["degraded"] == ["model", "online_store"]
    finally:
        rig.start_store()
    rig.work()
    deadline = time.monotonic() + 60
    while rig.client.get("/readyz").json()["degraded"] != ["model"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_log_that_cannot_be_written_is_not_ready(
    rig: Any, problem_of: Any, monkeypatch: Any
) -> None:
    """What is not on disk is not accepted, so no events should come here."""
    from core.errors import Unavailable
    from events.intake.log import EventLog

    def refuse(*_: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(EventLog, "append", refuse)
    told = rig.client.get("/readyz")
    assert problem_of(told, 503)["detail"] == "the disk is full"
    assert told.headers["retry-after"]
    assert rig.client.get("/livez").status_code == 200


def test_every_stage_of_a_score_is_timed_from_a_tenth_of_a_millisecond(rig: Any) -> None:
    """A median of a millisecond cannot be read from buckets of fives."""
    rig.client.post("/v1/page", json={"userId": "p-1", "properties": {"path": "/pricing"}})
    rig.work()
    assert rig.client.get("/v1/score", params={"user_id": "p-1"}).status_code == 200
    found = samples(httpx.get(f"{rig.url}/metrics").text)
    stages = found["leadline_score_stage_seconds_bucket"]
    assert {sample.labels["stage"] for sample in stages} >= STAGES
    limits = {float(sample.labels["le"]) for sample in stages}
    assert min(limits) == 0.0001
    below = sorted(limit for limit in limits if limit <= 1.0)
    assert max(after / before for before, after in pairwise(below)) <= 2.5
    counts = found["leadline_score_stage_seconds_count"]
    assert all(sample.value > 0 for sample in counts)
