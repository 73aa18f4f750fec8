"""An online store that lost rows, all of them or some: noticed, told, and filled again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import yaml

from core.installation import Installation
from core.settings import load_settings
from events.identity.index import Found
from events.types import Identifier, IdentifierKind
from features.definitions import Entity
from features.online import WATERMARK, key_of
from serving.running.diagnosis import examine
from serving.score.lookup import ONLINE_STORE, Lookup
from serving.worker.evictions import LOOK_S, Evictions
from serving.worker.online_sync import OnlineSync
from tests.pipeline_bench import Bench

LEADS = 30


class Hand:
    """A monotonic clock in the test's hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


class Watched:
    """A worker that looks for evictions, and the desk's way to read."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.client = client
        self.clock = Hand()
        self.bench = Bench(installation, client)
        self.bench.pipeline._online = OnlineSync(
            self.bench.engine, self.bench.store, self.bench.index, Evictions(client, self.clock)
        )
        self.bench.feed(*(_page(who) for who in range(LEADS)))
        people = [Identifier(IdentifierKind.USER_ID, f"user-{who}") for who in range(LEADS)]
        self.pairs = [pair for pair in self.bench.index.find_in_record(people) if pair]
        self.bench.pipeline.keep_up()

    def lost(self) -> list[Found]:
        return [one for one in self.pairs if not self.client.exists(key_of(Entity.LEAD, one[0]))]

    def degraded(self) -> set[str]:
        """What an answer would name that is asked for now, by an api that has just looked."""
        lookup = Lookup(self.client, self.bench.engine, self.bench.installation.secret())
        return {name for one in lookup.read(self.pairs).degraded for name in one}


def _page(who: int) -> dict[str, Any]:
    told = {"type": "page", "userId": f"user-{who}", "messageId": f"m{who}"}
    return {**told, "properties": {"path": "/"}}


@pytest.fixture
def watched(installation: Installation, redis_client: redis.Redis) -> Iterator[Watched]:
    yield Watched(installation, redis_client)
    redis_client.config_set("maxmemory", 0)
    redis_client.config_set("maxmemory-policy", "noeviction")
    redis_client.flushall()
    redis_client.config_resetstat()


def squeeze(client: redis.Redis, wanted: list[Any]) -> None:
    """A neighbour on the same server takes the room until one of ours is gone; then it leaves."""
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + 200_000)
    number = 0
    while not any(not client.exists(key) for key in wanted):
        client.set(f"neighbour:{number}", "x" * 10_000)
        number += 1
        assert number < 5_000
    client.config_set("maxmemory", 0)


def test_rows_that_were_evicted_are_noticed_and_written_again(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """Redis tells nobody: the mark of a filled store may well have stayed."""
    squeeze(watched.client, [key_of(Entity.LEAD, pair[0]) for pair in watched.pairs])
    assert watched.lost()
    watched.clock.at += LOOK_S

    with caplog.at_level(logging.WARNING):
        watched.bench.pipeline.keep_up()

    assert watched.lost() == []
    assert "threw out" in caplog.text
    assert "noeviction" in caplog.text
    assert watched.degraded() == set()


def test_where_there_is_no_room_it_is_not_filled_again_and_again(watched: Watched) -> None:
    """Each filling would throw out what the one before wrote; the record answers meanwhile."""
    watched.clock.at += LOOK_S
    watched.bench.pipeline.keep_up()
    squeeze(watched.client, [b"leadline:filled:2"])

    for _ in range(3):
        watched.bench.pipeline.keep_up()
        assert not watched.client.exists(b"leadline:filled:2")
        assert not watched.client.exists(WATERMARK)
    assert watched.degraded() == {ONLINE_STORE}

    watched.clock.at += LOOK_S
    watched.bench.pipeline.keep_up()
    assert watched.lost() == []
    assert watched.degraded() == set()


def test_a_store_that_came_back_empty_is_degraded_until_it_is_filled(watched: Watched) -> None:
    """An answer from the record is right, and says that it is not the usual one."""
    assert watched.degraded() == set()
    watched.client.flushall()
    assert watched.degraded() == {ONLINE_STORE}

    watched.bench.pipeline.keep_up()

    assert watched.lost() == []
    assert watched.degraded() == set()


def test_a_server_that_counts_anew_is_no_eviction(redis_client: redis.Redis) -> None:
    """After its restart its counter begins at nought, below what we know."""
    clock = Hand()
    evictions = Evictions(redis_client, clock)
    evictions._known = 7
    assert evictions.noticed() == 0
    assert not evictions.press()


def test_doctor_warns_of_a_policy_that_evicts(
    installation: Installation, redis_server: str, watched: Watched
) -> None:
    """Before anything is lost: a server made for caching forgets leads without a word."""
    told = {"redis": {"url": redis_server}}
    installation.settings_file.write_text(yaml.safe_dump(told))
    assert load_settings(installation.settings_file).redis.url is not None
    assert _finding(installation) == ("ok", "answers")
    watched.client.config_set("maxmemory", 100_000_000)
    assert _finding(installation) == ("ok", "answers")
    watched.client.config_set("maxmemory-policy", "volatile-lru")
    assert _finding(installation) == ("ok", "answers")
    watched.client.config_set("maxmemory-policy", "allkeys-lru")
    state, told_now = _finding(installation)
    assert state == "note"
    assert "allkeys-lru" in told_now


def _finding(installation: Installation) -> tuple[str, str]:
    [found] = [one for one in examine(installation) if one.subject == "online store"]
    return found.state, found.told
