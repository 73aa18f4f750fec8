"""Moments at which the CRM moved a lead on: kept as they became known."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core.clock import DAY, to_iso
from core.database import reading
from core.installation import Installation
from events.stages import CRM_STAGE
from tests.pipeline_bench import START, Bench


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    return Bench(installation, redis_client)


def told(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": "u", "timestamp": to_iso(START), **more}


def kept(bench: Bench) -> list[tuple[int, str | None]]:
    with reading(bench.engine) as record:
        rows = record.execute(CRM_STAGE.select().order_by(CRM_STAGE.c.known_at)).all()
    return [(row.known_at, row.crm_id) for row in rows]


def test_a_stage_is_kept_with_the_moment_at_which_it_was_known(bench: Bench) -> None:
    """Not with the one it happened at: training would look at a lead before anybody knew."""
    bench.clock.move(3 * DAY)
    crm = {"context": {"externalIds": [{"type": "crm_lead_id", "id": "c1"}]}}

    bench.feed(told("Lead Created", **crm), told("Lead Status Changed", **crm))
    bench.feed({"type": "page", "userId": "u"}, told("Opportunity Created"))
    deal = {"properties": {"opportunity_id": "d1", "outcome": "won"}}
    bench.feed(told("Opportunity Stage Changed"), told("Opportunity Closed", **deal))

    first = START + 3 * DAY
    assert kept(bench) == [(first + 2, "c1"), (first + 4, None), (first + 5, None)]


def test_a_batch_told_again_keeps_its_stages_once(bench: Bench) -> None:
    """A worker that dies after the commit reads the batch once more."""
    bench.feed(told("Opportunity Created", messageId="m1"))
    bench.start()
    bench.feed(told("Opportunity Created", messageId="m1"))

    assert kept(bench) == [(START + 1, None)]
