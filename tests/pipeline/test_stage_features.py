"""Features at a stage are those that were served at that moment, whatever is known since."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core.clock import DAY, HOUR, to_iso
from core.installation import Installation
from core.settings import Models
from events.labels import definition, label
from events.types import Identifier, IdentifierKind
from features.vector import Stored
from features.vector import vectors as made_of
from tests.pipeline_bench import START, Bench
from training.dataset import Example, examples_at
from training.moments import moments

WHAT = Models(at_stages=True)
CRM: dict[str, Any] = {"context": {"externalIds": [{"type": "crm_lead_id", "id": "c1"}]}}
USER = {"userId": "u"}
LATER = START + 200 * DAY


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    return Bench(installation, redis_client)


def told(name: str, who: dict[str, str] = USER, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, **who, **more}


def page(at: int | None = None, **who: str) -> dict[str, Any]:
    when = {} if at is None else {"timestamp": to_iso(at)}
    return {"type": "page", **(who or USER), **when, "properties": {"path": "/pricing"}}


def served(bench: Bench) -> dict[str, Any]:
    """What a score call would read now."""
    [pair] = bench.index.find([Identifier(IdentifierKind.USER_ID, "u")])
    assert pair is not None
    [(lead, account)] = bench.store.read([pair])
    [vector] = made_of([Stored(*pair, lead, account, bench.clock.now())])
    return vector.values


def at_stages(bench: Bench) -> list[Example]:
    known = label(bench.engine, WHAT.label_days, LATER).known
    asked = moments(bench.engine, known, definition(WHAT), LATER)
    return examples_at(bench.installation, bench.engine, [one for one in asked if one.turn])


def test_features_at_a_stage_are_those_served_then(bench: Bench) -> None:
    """Later pages, a page that comes late, a person joined and a deal closed change nothing."""
    bench.feed(told("Lead Created", **CRM), page(), page(anonymousId="a"))
    bench.clock.move(5 * DAY + 3 * HOUR)
    deal: dict[str, Any] = {"properties": {"opportunity_id": "d1", "value": 900}}
    bench.feed(page(), told("Opportunity Created", **deal))
    then = served(bench)
    assert (then["page_views_90d"], then["open_deals"]) == (2, 1)

    bench.clock.move(2 * DAY)
    late = bench.clock.now() - 2 * DAY - HOUR
    bench.feed(page(), page(at=late), {"type": "identify", "userId": "u", "anonymousId": "a"})
    bench.clock.move(DAY)
    bench.feed(told("Opportunity Stage Changed", **deal))
    now = served(bench)
    bench.clock.move(DAY)
    bench.feed(told("Opportunity Closed", properties={"opportunity_id": "d1", "outcome": "won"}))

    first, second = at_stages(bench)

    assert first.vector.values == then
    assert second.vector.values == now
    assert now["page_views_90d"] == 5
    assert [one.label.won for one in (first, second)] == [True, True]
    assert not first.closed
    assert not second.closed


def test_a_stage_of_a_visitor_who_is_joined_later_is_nobodys(bench: Bench) -> None:
    """At that moment the CRM's lead had no such deal: to look at it there would look ahead."""
    bench.feed(told("Lead Created", **CRM))
    bench.clock.move(3 * DAY)
    bench.feed(told("Opportunity Created", who={"anonymousId": "a"}))
    bench.clock.move(DAY)
    bench.feed({"type": "identify", "userId": "u", "anonymousId": "a"})
    bench.clock.move(DAY)
    bench.feed(told("Opportunity Stage Changed", who={"anonymousId": "a"}))

    [one] = at_stages(bench)

    assert one.vector.as_of == bench.clock.now()
