"""Stores that dawdle, stall, break, lose or mix up what they hold: every call is answered truly."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response

from core.clock import HOUR, SECOND, FixedClock, from_iso, to_iso
from core.errors import Unavailable
from core.installation import Installation
from core.settings import load_settings
from events.types import Identifier, IdentifierKind
from features.definitions import Entity
from features.online import FIELD, WATERMARK, key_of
from serving.http.operations import healthz, readyz
from serving.parts import Parts
from serving.score.asks import Ask, Explain
from serving.score.lookup import ONLINE_STORE, WORKER
from tests.pipeline_bench import START, Bench
from tests.serving.faults.lane import Lane

USERS = [f"user-{number}" for number in range(8)]
NOBODY = Identifier(IdentifierKind.USER_ID, "nobody")
PEOPLE = tuple(Identifier(IdentifierKind.USER_ID, user) for user in USERS)
PATIENCE_S = 60
"""With a machine that others keep busy; the proof holds what is promised: 5 s."""

Answers = list[dict[str, Any] | None]


class Rig:
    """An api's parts, whose way to the online store is in the test's hand."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.client = client
        self.bench = Bench(installation, client)
        views = [_view(user, at) for at, user in enumerate(USERS) for _ in range(at + 1)]
        self.bench.feed(*[{**view, "messageId": f"m{at}"} for at, view in enumerate(views)])
        self.bench.pipeline.keep_up()
        self.lane = Lane(client.connection_pool.connection_kwargs["port"]).__enter__()
        password = client.connection_pool.connection_kwargs.get("password")
        login = f":{password}@" if password else ""
        settings = load_settings(
            None,
            redis={"url": f"redis://{login}127.0.0.1:{self.lane.port}"},
            calls={"sample": 1.0},
            features={"served_sample": 0.5},
        )
        clock = FixedClock(self.bench.clock.now() + 1)
        self.move = clock.move
        self.parts = Parts(installation, settings, clock)

    def ask(self, people: tuple[Identifier, ...] = PEOPLE) -> Answers:
        return self.parts.desk.score(Ask(people, Explain.SHORT, None, "call"))

    def ask_each(self) -> Answers:
        return [one for who in PEOPLE for one in self.ask((who,))]

    def until_whole(self, good: Answers) -> None:
        deadline = time.monotonic() + PATIENCE_S
        told: Answers = []
        while told != good:
            assert time.monotonic() < deadline
            time.sleep(0.02)
            with suppress(Unavailable):
                told = self.ask()

    def close(self) -> None:
        self.parts.close()
        self.lane.__exit__()
        self.bench.engine.dispose()


def _view(user: str, at: int) -> dict[str, Any]:
    paths = ("/", "/pricing", "/demo", "/docs")
    return {"type": "page", "userId": user, "properties": {"path": paths[at % 4]}}


@pytest.fixture
def rig(installation: Installation, redis_client: redis.Redis) -> Iterator[Rig]:
    rig = Rig(installation, redis_client)
    yield rig
    rig.close()


def without(told: Answers, *names: str) -> list[dict[str, Any]]:
    return [{name: one[name] for name in one if name not in names} for one in told if one]


def slow(rig: Rig) -> None:
    """Answers in time, but each of them late."""
    rig.lane.delay_s = 0.12


def stopped(rig: Rig) -> None:
    """As by SIGSTOP: connections stay, nothing comes."""
    rig.lane.stalled = True


def gone(rig: Rig) -> None:
    """As by kill -9."""
    rig.lane.broken = True
    rig.lane.cut()


def emptied(rig: Rig) -> None:
    rig.client.flushall()


def of_the_wrong_type(rig: Rig) -> None:
    """Every key is a list now, the marks among them."""
    for key in list(rig.client.scan_iter(count=1_000)):
        rig.client.delete(key)
        rig.client.rpush(key, "x")


def of_others(rig: Rig) -> None:
    """Every field holds bytes that are none of ours."""
    for key in list(rig.client.scan_iter(count=1_000)):
        if rig.client.type(key) == b"hash":
            told: Any = rig.client.hgetall(key)
            rig.client.hset(key, mapping=dict.fromkeys(told, b"\xff"))
    rig.client.set(WATERMARK, b"soon")


@pytest.mark.parametrize("harm", [slow, stopped, gone, emptied, of_the_wrong_type, of_others])
def test_every_call_is_answered_as_ever_and_says_what_was_missing(
    rig: Rig, harm: Callable[[Rig], None]
) -> None:
    """The record knows the same; once the cause is gone, nothing is missing any more."""
    good = rig.ask()
    assert {one["degraded"] == ["model"] for one in good if one} == {True}
    held = {key: rig.client.dump(key) for key in rig.client.scan_iter(count=1_000)}
    harm(rig)
    deadline = time.monotonic() + PATIENCE_S
    while ONLINE_STORE not in (rig.ask()[0] or {})["degraded"]:  # a look is 0.25 s old at most
        assert time.monotonic() < deadline
    told = [*rig.ask(), *rig.ask_each()]
    assert without(told, "degraded") == without(good * 2, "degraded")
    assert {tuple(one["degraded"]) for one in told if one} == {("model", ONLINE_STORE)}
    assert rig.ask((NOBODY,)) == [None]
    rig.lane.mend()
    rig.client.flushall()
    for key, kept in held.items():
        rig.client.restore(key, 0, kept)
    rig.until_whole(good)


def _of_the_wrong_type(client: Any, key: bytes) -> None:
    client.delete(key)
    client.set(key, "x")


def _of_others(client: Any, key: bytes) -> None:
    client.hset(key, mapping=dict.fromkeys(client.hgetall(key), b"\xff"))


def _of_others_for_long(client: Any, key: bytes) -> None:
    client.hset(key, FIELD[Entity.LEAD], b"\xff\xfe and more")


@pytest.mark.parametrize("harm", [_of_the_wrong_type, _of_others, _of_others_for_long])
@pytest.mark.parametrize("sampled", [False, True])
def test_one_damaged_row_degrades_the_answer_of_its_own_lead_alone(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Any, bytes], None], sampled: bool
) -> None:
    """Called together or each alone: the others' rows are whole, and are read from the store."""
    monkeypatch.setattr(rig.parts.served, "wants", lambda: sampled)
    good = rig.ask()
    lead_id = str((good[2] or {})["lead_id"])
    harm(rig.client, key_of(Entity.LEAD, lead_id))
    for told in (rig.ask(), rig.ask_each()):
        assert without(told, "degraded") == without(good, "degraded")
        degraded = [ONLINE_STORE in one["degraded"] for one in told if one]
        assert degraded == [at == 2 for at in range(len(PEOPLE))]
    counted = rig.parts.metrics.degraded.labels(ONLINE_STORE)._value.get()
    assert counted == 2


def test_answers_tell_until_when_all_events_are_in_them(rig: Rig) -> None:
    """From Redis and from the record alike; a worker that stands still shows by it."""
    [one] = rig.ask(PEOPLE[:1])
    assert one is not None
    assert one["features_as_of"] == to_iso(rig.bench.clock.now())
    assert one["features_as_of"] >= to_iso(START)
    gone(rig)
    while ONLINE_STORE not in (rig.ask()[0] or {})["degraded"]:
        continue
    [told] = rig.ask(PEOPLE[:1])
    assert told is not None
    assert told["features_as_of"] == one["features_as_of"]
    then = from_iso(one["features_as_of"])
    assert then <= from_iso(one["as_of"])


def probes(rig: Rig) -> tuple[list[str], list[str]]:
    """What `/readyz` and `/healthz` tell as missing; both answer 200, whatever it is."""

    async def ask() -> tuple[Response, Response]:
        told = Request({"type": "http"})
        return await readyz(rig.parts, told), await healthz(rig.parts, told)

    answers = asyncio.run(ask())
    assert [one.status_code for one in answers] == [200, 200], answers[0].body
    ready, health = (msgspec.json.decode(one.body)["degraded"] for one in answers)
    return ready, health


@pytest.mark.parametrize("bad", [b"9999999999999999999", b"abc", b"\xff\xfe", b"-5", b"7", None])
def test_a_bad_watermark_is_no_failure_and_forgotten_once_it_is_put_right(
    rig: Rig, bad: bytes | None
) -> None:
    """Scores, readiness and health tell of it alike; None stands for a value of another type."""
    good, right = rig.ask(), rig.client.get(WATERMARK)
    assert probes(rig) == (["model"], ["model"])
    rig.client.delete(WATERMARK)
    if bad is None:
        rig.client.rpush(WATERMARK, "x")
    else:
        rig.client.set(WATERMARK, bad)
    deadline = time.monotonic() + PATIENCE_S
    while ONLINE_STORE not in (rig.ask()[0] or {})["degraded"]:
        assert time.monotonic() < deadline
    assert without(rig.ask(), "degraded") == without(good, "degraded")
    assert probes(rig) == (["model", ONLINE_STORE],) * 2
    rig.client.delete(WATERMARK)
    rig.client.set(WATERMARK, right)
    rig.until_whole(good)
    assert probes(rig) == (["model"], ["model"])


def test_a_watermark_of_times_to_come_stands_against_no_true_one_for_long(rig: Rig) -> None:
    """Within a day it is believed, for clocks are put back; so is what the worker says next."""
    rig.client.set(WATERMARK, str(rig.parts.clock.now() + HOUR))
    while (rig.ask()[0] or {})["features_as_of"] <= to_iso(rig.parts.clock.now()):
        continue
    rig.move(2 * SECOND)
    rig.bench.clock.move(2 * SECOND)
    rig.bench.pipeline.advance(rig.parts.clock.now())
    rig.bench.pipeline.keep_up()
    deadline = time.monotonic() + PATIENCE_S
    while (rig.ask()[0] or {})["features_as_of"] != to_iso(rig.parts.clock.now()):
        assert time.monotonic() < deadline
    assert probes(rig) == (["model"], ["model"])


def test_a_worker_that_stands_still_is_named_until_it_goes_on(rig: Rig) -> None:
    """By scores from either store, of leads and of the past, and by who asks how it is."""
    [one] = rig.ask(PEOPLE[:1])
    assert one is not None
    rig.move(11 * SECOND)
    [told] = rig.ask(PEOPLE[:1])
    assert told is not None
    assert (told["degraded"], told["features_as_of"]) == (["model", WORKER], one["features_as_of"])
    assert probes(rig) == (["model", WORKER],) * 2
    now = rig.parts.clock.now()
    [past] = rig.parts.desk.score(Ask(PEOPLE[:1], Explain.SHORT, now - SECOND))
    assert past is not None
    assert (past["degraded"], past["features_as_of"]) == (told["degraded"], one["features_as_of"])
    gone(rig)
    while ONLINE_STORE not in (rig.ask()[0] or {})["degraded"]:
        continue
    assert (rig.ask()[0] or {})["degraded"] == ["model", ONLINE_STORE, WORKER]
    assert probes(rig) == (["model", ONLINE_STORE, WORKER],) * 2
    rig.lane.mend()

    rig.bench.pipeline.advance(now)
    deadline = time.monotonic() + PATIENCE_S
    while (told := rig.ask()[0] or {})["degraded"] != ["model"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert told["features_as_of"] == to_iso(now)
    assert probes(rig) == (["model"], ["model"])


def away(parts: Parts) -> Callable[[], None]:
    """The record fails for whoever scores; what brings it back."""

    def fail(_: sa.Connection) -> None:
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError("disk I/O error"))

    sa.event.listen(parts.facts, "begin", fail, insert=True)
    return lambda: sa.event.remove(parts.facts, "begin", fail)


def test_without_the_record_known_people_are_scored_and_nobody_is_called_unknown(rig: Rig) -> None:
    """What only the record could say is refused: a 404 would be a lie."""
    good = rig.ask()
    back = away(rig.parts)
    assert rig.ask() == good
    with pytest.raises(Unavailable):
        rig.ask((NOBODY,))
    gone(rig)
    with pytest.raises(Unavailable):
        rig.ask()
    back()
    rig.lane.mend()
    rig.until_whole(good)


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_locked_record_holds_up_no_score(rig: Rig, lock: str) -> None:
    """With the online store and without: who reads waits for no writer."""
    good = rig.ask()
    other = sqlite3.connect(rig.bench.installation.record_db, isolation_level=None)
    try:
        other.execute(lock)
        assert rig.ask() == good
        gone(rig)
        assert without(rig.ask_each(), "degraded") == without(good, "degraded")
    finally:
        other.rollback()
        other.close()


def test_a_record_that_takes_nothing_more_keeps_no_samples_and_answers(rig: Rig) -> None:
    """A full disk, a file system that became read-only: counted, and nobody waits."""
    good = rig.ask()
    refused = "attempt to write a readonly database"

    def read_only(connection: Any, _: object) -> None:
        connection.execute("PRAGMA query_only=1")

    rig.parts.engine.dispose()
    sa.event.listen(rig.parts.engine, "connect", read_only)
    counted = rig.parts.metrics.calls_dropped
    before = counted._value.get()
    deadline = time.monotonic() + PATIENCE_S
    while counted._value.get() == before:
        assert rig.ask() == good
        assert time.monotonic() < deadline, refused
        time.sleep(0.01)
