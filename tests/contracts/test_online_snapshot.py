"""An online store that comes back with less than it had: an old snapshot, or a replica behind."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from core.connections import connect_redis
from core.installation import Installation
from events.types import Identifier, IdentifierKind
from features.online import WATERMARK
from features.tiles import decode
from serving.running.embedded import free_port, server_program
from serving.score.filled import Filled
from serving.score.lookup import ONLINE_STORE, Lookup
from tests.pipeline_bench import Bench


class Server:
    """A Valkey that keeps a snapshot, as a server of the operator's own may."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self.client = connect_redis(f"redis://127.0.0.1:{self._port}/0", timeout_s=2.0)
        self.start()

    def start(self) -> None:
        words = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "3600 1"]
        words += ["--dir", str(self._folder), "--logfile", str(self._folder / "log")]
        self._process = subprocess.Popen([str(server_program()), *words])
        end = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """Nothing is written any more: what is on disk is the last snapshot."""
        self._process.kill()
        self._process.wait()

    def comes_back_old(self) -> None:
        self.kill()
        self.start()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = Server(folder)
    yield server
    server.client.close()
    server.kill()


def page(number: int, who: str = "ann") -> dict[str, Any]:
    return {"type": "page", "userId": who, "messageId": f"m{number}", "properties": {"path": "/"}}


def served_views(bench: Bench, who: str = "ann") -> int:
    """Page views by the online store alone."""
    [found] = bench.index.find_in_record([Identifier(IdentifierKind.USER_ID, who)])
    assert found is not None
    [(lead, _)] = bench.store.read([(found[0], None)])
    return decode(lead).ever.get(1, 0) if lead else 0


def snapshot_of_two(installation: Installation, server: Server) -> Bench:
    """Two views are in the snapshot, ten in the record and, until it dies, in the server."""
    bench = Bench(installation, server.client)
    bench.feed(page(1), page(2))
    server.client.save()
    for number in range(3, 11):
        bench.feed(page(number))
    bench.feed(page(100, who="zoe"))  # later batches in which she does not appear
    bench.feed(page(101, who="zoe"))
    bench.pipeline.keep_up()
    assert served_views(bench) == 10
    return bench


def test_an_old_snapshot_is_brought_level_between_two_batches(
    installation: Installation, server: Server
) -> None:
    """Its mark of a filled store is in the snapshot too: only how far it went tells the truth."""
    bench = snapshot_of_two(installation, server)
    server.comes_back_old()
    assert served_views(bench) == 2

    bench.pipeline.keep_up()

    assert served_views(bench) == 10


def test_an_old_snapshot_is_brought_level_when_the_worker_died_too(
    installation: Installation, server: Server
) -> None:
    """A whole machine lost its power: the record knows of more than the store does."""
    bench = snapshot_of_two(installation, server)
    server.comes_back_old()
    bench.start()

    bench.pipeline.keep_up()

    assert served_views(bench) == 10


def test_a_batch_written_to_an_old_snapshot_does_not_hide_what_is_gone(
    installation: Installation, server: Server
) -> None:
    """The worker is busy: another lead's batch comes before it looks at the store again."""
    bench = snapshot_of_two(installation, server)
    server.comes_back_old()

    bench.pipeline.run([bench.raw(page(11, who="bob"))])
    bench.pipeline.keep_up()

    assert (served_views(bench), served_views(bench, "bob")) == (10, 1)


def test_a_store_ahead_of_the_record_is_written_from_the_beginning(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """It was filled from another record, or this one is a restored copy: no offset tells what it
    holds.
    """
    bench = Bench(installation, redis_client)
    bench.feed(page(1), page(2))
    bench.store.mark_filled(1_000)
    [found] = bench.index.find_in_record([Identifier(IdentifierKind.USER_ID, "ann")])
    assert found is not None
    for key in redis_client.keys(b"*" + found[0].encode() + b"*"):
        redis_client.delete(key)
    bench.start()

    bench.pipeline.keep_up()

    assert served_views(bench) == 2


def test_the_api_does_not_trust_a_snapshot_before_the_worker_has_been_there(
    installation: Installation, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has seen the store further than it is now: answers come from the record and say so."""
    monkeypatch.setattr("serving.score.filled.LOOK_S", 0.0)
    bench = snapshot_of_two(installation, server)
    [found] = bench.index.find_in_record([Identifier(IdentifierKind.USER_ID, "ann")])
    assert found is not None
    lookup = Lookup(server.client, bench.engine, installation.secret())
    assert lookup.read([found]).degraded == [()]

    server.comes_back_old()
    [(lead, _)] = (old := lookup.read([found])).blobs
    assert old.degraded == [(ONLINE_STORE,)]
    assert lead is not None
    assert decode(lead).ever.get(1, 0) == 10

    bench.pipeline.keep_up()
    assert lookup.read([found]).degraded == [()]


def test_a_store_that_moves_on_is_filled(redis_client: redis.Redis) -> None:
    """Only a step back means that rows are gone."""
    at = iter(range(10))
    filled = Filled(redis_client, steady=lambda: float(next(at)))
    told = []
    for watermark in (5, 5, 7, 6, 7):
        redis_client.set(WATERMARK, watermark)
        told.append(filled.now())
    assert told == [True, True, True, False, True]
