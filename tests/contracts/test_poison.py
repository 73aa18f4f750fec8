"""One value that a store refuses fails its own event: the batch, and the worker, go on.

PostgreSQL refuses what SQLite takes, so the record is a real one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import redis
import sqlalchemy as sa

from core.database import metadata, open_record, reading
from core.installation import Installation
from events.failed import list_failed, show_failed
from tests.pipeline_bench import Bench

NUL = "a\x00b"


@pytest.fixture
def bench(
    installation: Installation, redis_client: redis.Redis, postgres: dict[str, Any]
) -> Iterator[Bench]:
    """A worker whose record lies on PostgreSQL, in a schema of its own."""
    engine = open_record(_url(postgres))
    made = Bench(installation, redis_client, engine=engine)
    yield made
    metadata.drop_all(engine)
    engine.dispose()


def _url(postgres: dict[str, Any]) -> str:
    user, password = quote(str(postgres["user"])), quote(str(postgres["password"]), safe="")
    place = f"/{postgres['database']}?host={quote(str(postgres['host']), safe='')}"
    return f"postgresql+psycopg://{user}:{password}@{place}&port={postgres['port']}"


def page(number: int, **more: Any) -> dict[str, Any]:
    told = {"type": "page", "userId": "u", "messageId": f"m{number}", "properties": {"path": "/"}}
    return {**told, **more}


POISON: dict[str, dict[str, Any]] = {
    "a message id": {"messageId": NUL},
    "a user id": {"userId": NUL},
    "a name": {"type": "identify", "traits": {"title": NUL, "first_name": NUL}},
    "a company": {"type": "group", "groupId": "g", "traits": {"name": NUL, "industry": NUL}},
    "a path": {"properties": {"path": NUL, "session_id": NUL}},
    "a deal": {
        "type": "track",
        "event": "Opportunity Closed",
        "properties": {"opportunity_id": NUL, "outcome": "won", "value": 1},
    },
    "an amount": {"properties": {"path": "/", "duration_s": 2**70}},
}


@pytest.mark.parametrize("what", POISON)
def test_a_value_that_the_record_refuses_fails_its_event_alone(bench: Bench, what: str) -> None:
    """A worker that dies of it would come back to the same event for ever: nobody is scored."""
    bench.feed(page(1), page(2, **POISON[what]), page(3))

    told = bench.pipeline.progress
    assert told.offset == 3
    assert told.processed + told.failed == 3
    assert told.processed >= 2
    with reading(bench.engine) as record:
        assert [row["offset"] for row in list_failed(record)] == [2] * told.failed
        for row in list_failed(record):
            assert row["problems"][0]["message"]
            assert show_failed(record, row["offset"]) is not None
        views = record.execute(sa.text("select count(*) from tiles")).scalar()
    assert views
    bench.start()
    bench.feed(page(4))
    assert bench.pipeline.progress.processed == told.processed + 1
