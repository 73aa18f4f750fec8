"""Where nothing comes, the worker says that nothing is missing; where it does not, it is behind."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import redis

from core.clock import SECOND, FixedClock
from core.connections import connect_redis
from core.database import reading
from core.installation import Installation
from core.settings import Settings
from events import progress
from events.identity.index import IdentifierIndex
from events.intake.log import EventLog, NewEvent
from events.types import Door
from features.online import WATERMARK, OnlineStore
from serving.roles.worker import Loop
from serving.worker.control import Control, control_event
from serving.worker.online_sync import OnlineSync
from tests.pipeline_bench import START, Bench

VIEW = {"type": "page", "userId": "u", "properties": {"path": "/pricing"}}


class Site:
    """A worker that is stepped by hand, on a log of its own."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.client = client
        self.bench = Bench(installation, client, START)
        self.clock: FixedClock = self.bench.clock
        self.log = EventLog(installation.log_db, self.clock)
        self.loop = Loop(self.bench.pipeline, self.log, Settings(), threading.Event())

    def send(self, *messages: dict[str, Any]) -> None:
        told = [
            NewEvent(Door.LIVE, "segment", "k", "", "", json.dumps(one).encode())
            for one in messages
        ]
        self.log.append(told).result(10)

    @property
    def told(self) -> tuple[int, int | None]:
        """By the record and by the online store."""
        with reading(self.bench.engine) as record:
            return progress.load(record).watermark, self.bench.store.watermark()


@pytest.fixture
def site(installation: Installation, redis_client: redis.Redis) -> Any:
    site = Site(installation, redis_client)
    yield site
    site.log.close()
    site.bench.engine.dispose()


def test_on_a_quiet_site_the_watermark_goes_with_the_clock(site: Site) -> None:
    """Once a second, and a new site begins with it."""
    site.loop.step()
    assert site.told == (START, START)
    site.clock.move(SECOND - 1)
    site.loop.step()
    assert site.told == (START, START)
    site.clock.move(1)
    assert site.loop.step() is False
    assert site.told == (START + SECOND, START + SECOND)
    site.send({**VIEW, "messageId": "m"})
    assert site.loop.step() is True
    assert site.told == (START + SECOND + 1, START + SECOND + 1)


def test_with_events_waiting_it_stays_where_they_are(site: Site, monkeypatch: Any) -> None:
    """One that came between the look for events and the look at the clock is not passed over."""
    site.loop.step()
    read = site.log.read

    def read_and_receive(after: int, limit: int) -> list[Any]:
        found = read(after, limit)
        site.send({**VIEW, "messageId": "m"})
        return found

    site.clock.move(9 * SECOND)
    with monkeypatch.context() as late:
        late.setattr(site.log, "read", read_and_receive)
        site.loop.step()
    assert site.told == (START, START)
    site.loop.step()
    assert site.told == (START + 9 * SECOND, START + 9 * SECOND)


def test_while_history_waits_to_be_told_anew_it_stays(site: Site) -> None:
    """The retelling is an event behind all others: what it changes is recorded then."""
    site.loop.step()
    old = [
        NewEvent(Door.IMPORT, "segment", "k", "", "", json.dumps(
            {**VIEW, "messageId": str(day), "timestamp": f"2026-02-{day}T00:00:00Z"}
        ).encode())
        for day in (20, 10)
    ]  # fmt: skip
    site.log.append(old).result(10)
    site.loop.step()
    before = site.told
    site.clock.move(9 * SECOND)
    site.loop.step()
    assert site.told == before
    assert [raw.body for raw in site.log.read(2, 9)] == [control_event(Control.RETELL).body]
    site.loop.step()
    assert site.told == (START + 9 * SECOND, START + 9 * SECOND)
    site.clock.move(SECOND)
    site.loop.step()
    assert site.told == (START + 10 * SECOND, START + 10 * SECOND)


def test_without_the_online_store_the_record_goes_on_alone(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """Answers come from it meanwhile, and know as much."""
    site = Site(installation, redis_client)
    site.loop.step()
    away = connect_redis("redis://127.0.0.1:1/0", 0.05)
    index = IdentifierIndex(away, site.bench.engine, installation.secret())
    site.bench.pipeline._online = OnlineSync(site.bench.engine, OnlineStore(away), index)
    site.clock.move(5 * SECOND)
    site.loop.step()
    assert site.told == (START + 5 * SECOND, START)
    site.log.close()
    site.bench.engine.dispose()


@pytest.mark.parametrize("bad", [b"9999999999999999999", b"abc", b"\xff\xfe", b"-5", b"7", None])
def test_a_watermark_that_somebody_else_wrote_is_put_right_at_once(
    site: Site, bad: bytes | None
) -> None:
    """Also where no event comes; None stands for a value of another type."""
    site.send({**VIEW, "messageId": "m"})
    site.loop.step()
    right = site.told
    site.client.delete(WATERMARK)
    if bad is None:
        site.client.hset(WATERMARK, "a", "b")
    else:
        site.client.set(WATERMARK, bad)
    site.loop.step()
    assert site.told == right
    assert site.bench.store.filled_to() == 1


def test_nothing_is_said_to_a_store_that_was_emptied_meanwhile(site: Site) -> None:
    """It would pass for whole."""
    site.send({**VIEW, "messageId": "m"})
    site.loop.step()
    site.client.flushall()
    site.bench.pipeline.advance(START + SECOND)
    assert site.bench.store.watermark() is None
    site.loop.step()
    assert site.told == (START + SECOND, START + SECOND)
