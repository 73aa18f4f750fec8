"""What stands beside a lead's tiles in Redis is what the record says, whatever happened to it."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import sqlalchemy as sa

from core.clock import DAY
from core.database import reading
from core.installation import Installation
from events.identity.tables import LEAD
from features.definitions import Entity
from features.online import BESIDE, key_of
from serving.score.beside import NOTHING, Beside, read_beside, recorded_beside
from serving.score.lookup import Lookup
from tests.pipeline_bench import Bench


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    return Bench(installation, redis_client)


def _alive(bench: Bench) -> list[str]:
    with reading(bench.engine) as record:
        alive = sa.select(LEAD.c.lead_id).where(LEAD.c.merged_into.is_(None))
        return list(record.execute(alive).scalars())


def _told(bench: Bench, client: redis.Redis) -> dict[str, Beside | None]:
    """As Redis says it, and checked against the record."""
    leads = _alive(bench)
    held: list[Any] = [client.hget(key_of(Entity.LEAD, one), BESIDE) for one in leads]
    found = {lead: read_beside(told) for lead, told in zip(leads, held, strict=True)}
    with reading(bench.engine) as record:
        recorded = recorded_beside(record, leads)
    assert list(found.values()) == recorded
    return found


def _page(who: str, path: str = "/pricing") -> dict[str, Any]:
    return {"type": "page", "anonymousId": who, "properties": {"path": path}}


def _identify(who: str, email: str) -> dict[str, Any]:
    return {"type": "identify", "anonymousId": who, "userId": email, "traits": {"email": email}}


def _owned(who: str, owner: str) -> dict[str, Any]:
    told = {"owner": owner, "source": "web"}
    context = {"externalIds": [{"id": f"crm-{who}", "type": "crm_lead_id"}]}
    return {
        "type": "track", "event": "Lead Created", "userId": who, "properties": told,
        "context": context,
    }  # fmt: skip


def test_owner_domain_and_band_come_with_the_tiles(bench: Bench, redis_client: redis.Redis) -> None:
    """A score call asks Redis alone, so what it does not hold is not known to rules."""
    bench.feed(*[_page("a") for _ in range(6)])
    assert [one.band for one in _told(bench, redis_client).values() if one] != [None]
    bench.feed(_identify("a", "ann@acme.example"), _owned("ann@acme.example", "rep-1"))

    [one] = _told(bench, redis_client).values()

    assert one is not None
    assert (one.owner, one.email_domain) == ("rep-1", "acme.example")


def test_a_new_owner_stands_with_the_batch_that_told_it(
    bench: Bench, redis_client: redis.Redis
) -> None:
    """Rules route by the owner: yesterday's would be told of today's lead."""
    bench.feed(_identify("a", "ann@acme.example"), _owned("ann@acme.example", "rep-1"))
    bench.feed(_owned("ann@acme.example", "rep-2"))

    [one] = _told(bench, redis_client).values()

    assert one is not None
    assert one.owner == "rep-2"


def test_a_survivor_inherits_and_the_absorbed_leaves_nothing(
    bench: Bench, redis_client: redis.Redis
) -> None:
    """Bytes without tiles, of a lead that is nobody any more, would stay for ever."""
    bench.feed(_page("a"), _page("b"))
    assert len(_told(bench, redis_client)) == 2
    bench.feed(
        _identify("a", "ann@acme.example"),
        _owned("ann@acme.example", "rep-1"),
        _identify("b", "ann@acme.example"),
    )

    assert len(_told(bench, redis_client)) == 1

    assert len(redis_client.keys("*lead_id*")) == 1


def test_a_band_that_time_alone_lowers_is_told(bench: Bench, redis_client: redis.Redis) -> None:
    """Hysteresis starts from the band before: an old one would keep a lead warm for ever."""
    bench.feed(_identify("a", "ann@acme.example"), *[_page("a") for _ in range(8)])
    before = _told(bench, redis_client)
    for _ in range(40):
        bench.clock.move(2 * DAY)
        bench.pipeline.keep_up()

    assert _told(bench, redis_client) != before


@pytest.mark.parametrize("cause", ["emptied", "restarted", "unreadable"])
def test_whatever_redis_lost_the_record_tells(
    bench: Bench, redis_client: redis.Redis, cause: str
) -> None:
    """It is derived as the tiles are: filled with them, and asked of the record meanwhile."""
    bench.feed(_identify("a", "ann@acme.example"), _owned("ann@acme.example", "rep-1"))
    [lead] = _alive(bench)
    if cause == "unreadable":
        redis_client.hset(key_of(Entity.LEAD, lead), BESIDE, b"\xc1")
    else:
        redis_client.flushall()
    lookup = Lookup(redis_client, bench.engine, bench.installation.secret())

    [one] = lookup.read([(lead, None)]).beside

    assert (one.owner, one.email_domain) == ("rep-1", "acme.example")
    if cause == "restarted":
        bench.start()
    bench.pipeline.keep_up()
    bench.feed(_page("a"))
    assert _told(bench, redis_client)[lead] != NOTHING


def test_a_lead_that_expired_does_not_come_back_without_tiles(
    bench: Bench, redis_client: redis.Redis
) -> None:
    """It would have no time to live, and its memory would never be given back."""
    bench.feed(_page("a"))
    [lead] = _alive(bench)
    redis_client.delete(key_of(Entity.LEAD, lead))

    bench.store.write((), {lead: b"told"})

    assert not redis_client.exists(key_of(Entity.LEAD, lead))
