"""An unknown visitor turns hot by the shipped rules alone, and the right person hears of it."""

from __future__ import annotations

import json

import pytest
import redis
import sqlalchemy as sa

from core.database import reading
from core.installation import Installation
from events.types import Door
from signals.tables import OUTBOX, SIGNAL
from tests.pipeline_bench import Bench

COMPANY = {
    "name": "Amber Freight",
    "domain": "amberfreight.example",
    "industry": "logistics",
    "region": "US",
    "employee_band": "500-999",
}


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    """An installation that knows the company, and has no model yet."""
    bench = Bench(installation, redis_client)
    known = {"timestamp": "2026-02-20T09:00:00Z", "userId": "colleague"}
    bench.feed(
        {**known, "type": "group", "groupId": "g1", "messageId": "g", "traits": COMPANY},
        door=Door.IMPORT,
    )
    return bench


def visit(bench: Bench, path: str) -> None:
    page = {"path": path, "session_id": "s", "duration_s": 40}
    number = f"v{bench.offset}"
    bench.feed({"type": "page", "anonymousId": "a", "messageId": number, "properties": page})


def signals(bench: Bench) -> list[dict[str, object]]:
    with reading(bench.engine) as record:
        bodies = record.execute(sa.select(SIGNAL.c.body)).scalars()
        return [
            json.loads(body) if isinstance(body, str | bytes) else dict(body) for body in bodies
        ]


def test_pricing_demo_and_a_form_make_a_hot_lead_without_any_model(bench: Bench) -> None:
    """Useful on day one: rules first, a model takes over as labels arrive."""
    visit(bench, "/pricing")
    visit(bench, "/demo")
    assert not signals(bench), "a nameless browser is nobody's call"
    form = {"email": "vp@amberfreight.example", "title": "VP Finance", "role": "vp_finance"}
    bench.feed(
        {"type": "track", "event": "Form Submitted", "anonymousId": "a", "messageId": "f",
         "properties": form}
    )  # fmt: skip
    [signal] = signals(bench)
    data = signal["data"]
    assert isinstance(data, dict)
    assert signal["type"] == "lead.hot"
    assert data["score"]["band"] == "hot"
    assert data["score"]["propensity"] is None
    assert "model" in data["score"]["degraded"]
    assert data["company"]["name"] == "Amber Freight"
    assert data["person"]["email"] == "vp@amberfreight.example"
    assert data["route"]["owner"]
    assert data["trigger"]["message_id"] == "f"
    assert len(data["score"]["reasons"]) >= 3


def test_the_signal_waits_for_each_of_its_destinations(bench: Bench) -> None:
    """Written in the transaction that decided: it leaves if, and only if, the decision stands."""
    test_pricing_demo_and_a_form_make_a_hot_lead_without_any_model(bench)
    [signal] = signals(bench)
    data = signal["data"]
    assert isinstance(data, dict)
    with reading(bench.engine) as record:
        waiting = set(record.execute(sa.select(OUTBOX.c.destination)).scalars())
    assert waiting == set(data["route"]["destinations"])


def test_staying_hot_is_told_once(bench: Bench) -> None:
    """Hysteresis and cooldown: one more page view is no second alarm."""
    test_pricing_demo_and_a_form_make_a_hot_lead_without_any_model(bench)
    visit(bench, "/pricing")
    assert len(signals(bench)) == 1


def test_a_hot_lead_cools_with_time_alone(bench: Bench) -> None:
    """Nothing happens for months: the lead is looked at again and its owner is told."""
    test_pricing_demo_and_a_form_make_a_hot_lead_without_any_model(bench)
    for _ in range(8):
        bench.clock.move(15 * 86_400 * 1_000_000)
        bench.pipeline.keep_up()
    assert [signal["type"] for signal in signals(bench)][-1] == "lead.cooled"
