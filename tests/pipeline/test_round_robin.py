"""The shipped round robin, event by event: who gets a lead, and what a crash changes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from core.database import reading
from core.installation import Installation
from events.types import Door, RawEvent
from serving.worker import decided
from signals.tables import ASSIGNMENT, SIGNAL
from tests.pipeline_bench import Bench

COMPANIES = ("amber", "birch", "cedar", "dune")


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    """An installation that knows four companies in the US, and has no model yet."""
    bench = Bench(installation, redis_client)
    for name in COMPANIES:
        traits = {
            "name": name, "domain": f"{name}.example", "industry": "logistics", "region": "US",
            "employee_band": "500-999",
        }  # fmt: skip
        known = {"timestamp": "2026-02-20T09:00:00Z", "userId": f"of-{name}", "messageId": name}
        group = {**known, "type": "group", "groupId": name, "traits": traits}
        bench.feed(group, door=Door.IMPORT)
    return bench


def asks(person: str, company: str) -> list[dict[str, Any]]:
    """All that it takes to be hot at once: prices, the demo page, and a form."""
    pages = [
        {
            "type": "page", "anonymousId": person, "messageId": f"{person}-{path}",
            "properties": {"path": f"/{path}", "session_id": person, "duration_s": 40},
        }
        for path in ("pricing", "demo")
    ]  # fmt: skip
    form = {"email": f"{person}@{company}.example", "title": "VP Finance", "role": "vp_finance"}
    told = {"type": "track", "event": "Form Submitted", "anonymousId": person}
    return [*pages, {**told, "messageId": f"{person}-form", "properties": form}]


def owners(bench: Bench) -> list[str]:
    """Of the hot leads, in the order of their signals."""
    with reading(bench.engine) as record:
        bodies = record.execute(sa.select(SIGNAL.c.body).order_by(SIGNAL.c.number)).scalars()
        told = [json.loads(body) for body in bodies]
    return [one["data"]["route"]["owner"] for one in told if one["type"] == "lead.hot"]


def held(bench: Bench) -> list[tuple[str, bool]]:
    with reading(bench.engine) as record:
        rows = record.execute(sa.select(ASSIGNMENT).order_by(ASSIGNMENT.c.at)).all()
    return [(row.owner, row.open) for row in rows]


def test_new_leads_are_shared_and_colleagues_stay_together(bench: Bench) -> None:
    """Weights 2, 2, 1 of the shipped catalog; the second person of Amber goes to the first's."""
    for person, company in zip("abcd", COMPANIES, strict=True):
        bench.feed(*asks(person, company))
    assert owners(bench) == ["us-rep-1", "us-rep-2", "us-rep-3", "us-rep-1"]
    bench.feed(*asks("e", "birch"))
    assert owners(bench)[-1] == "us-rep-2"


def test_one_batch_is_shared_as_many_are(bench: Bench) -> None:
    """However events are cut into batches, nobody is asked twice in a row."""
    bench.feed(*asks("a", "amber"), *asks("b", "birch"))
    assert owners(bench) == ["us-rep-1", "us-rep-2"]


def test_a_batch_that_died_before_its_commit_took_no_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn is part of the transaction that decided."""
    bench.feed(*asks("a", "amber"))
    raws: list[RawEvent] = [bench.raw(message) for message in asks("b", "birch")]

    def die(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("the disk is gone"))

    with monkeypatch.context() as patched:
        patched.setattr(decided.outbox, "put", die)
        with pytest.raises(OperationalError):
            bench.pipeline.run(raws)
    assert held(bench) == [("us-rep-1", True)]
    bench.start()
    bench.pipeline.run(raws)
    assert owners(bench) == ["us-rep-1", "us-rep-2"]
    assert held(bench) == [("us-rep-1", True), ("us-rep-2", True)]


def test_a_lead_that_cools_makes_room(bench: Bench) -> None:
    """Capacity is for leads that somebody works on."""
    bench.feed(*asks("a", "amber"))
    for _ in range(8):
        bench.clock.move(15 * 86_400 * 1_000_000)
        bench.pipeline.keep_up()
    assert held(bench) == [("us-rep-1", False)]
