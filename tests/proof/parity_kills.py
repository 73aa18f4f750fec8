"""The demo world served while worker and online store die, and compared with history afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import redis
import yaml

from core.clock import SystemClock, to_iso
from core.connections import connect_record, connect_redis, redis_url
from core.database import reading
from core.errors import StartError
from core.installation import Installation
from core.settings import load_settings
from demo.post import post
from features.online import OnlineStore
from features.served import newest_served
from serving.keys import KeyKind, create
from tests.proof.kills import await_traffic
from tests.proof.running import ROOT, START_S, Running, until
from tests.proof.senders import Sender
from tests.proof.story import Lives, Rest, Scores, Story, read_story
from tests.proof.tally import Stores, processed

VICTIMS = ("worker", "redis")
FRESH_UP_EVERY = 4
"""Rounds after which the supervisor dies too: a new one counts quick ends anew."""
MOST_PAUSE_S = 2.0
CALM = 0.7
"""Share of the deaths that wait until the store is rebuilt and traffic flows."""
TOGETHER = 0.3
"""Share of the rounds in which both die at once."""
AIMED = 0.7
"""Share of the worker's deaths between a commit and the online store: rarely hit by accident."""
FROZEN_S = 1.0
"""Longer than the worker waits for the store with what it had begun."""
DRAIN_S = 300.0
ALL = 10_000_000


class Life(NamedTuple):
    """One process of the online store."""

    run: str
    loaded: int
    """Keys that it found on the disk when it started."""
    filled: bool


class Proof(NamedTuple):
    killed: list[str]
    stores: list[Life]
    """The killed ones as they were at their end, and the last, which lived."""
    answered: int
    degraded: int
    """Vectors in the served log whose answer said that the online store was missing."""
    differ: int
    """Entities that the online store holds otherwise than the record in the end."""
    parity: dict[str, Any]
    """What `leadline features parity --json` printed."""


def prove(folder: Path, leads: int, rounds: int, seed: int) -> Proof:
    """Posts and scores, kills, waits until all is processed, stops, and compares all served."""
    installation = Installation(folder).create()
    _write_settings(installation)
    story = read_story(folder / "world", leads, seed)
    running = Running(installation)
    try:
        running.await_ready()
        traffic = _Traffic(installation, running.url, story)
        stores = Stores(installation)
        until(lambda: processed(stores), DRAIN_S, "history is processed")
        killed, lives = _kill_under_traffic(running, installation, traffic, rounds, seed)
        running.await_ready()
        until(lambda: processed(stores), DRAIN_S, "all is processed")
        last = look(installation)
        assert last is not None
        differ = len(stores.online_differs())
    finally:
        running.stop()
    scores = traffic.scores
    degraded = _kept(installation, scores.degraded)
    parity = _compare(installation)
    return Proof(killed, [*lives, last], scores.answered, degraded, differ, parity)


class _Traffic:
    """History is posted at once; the rest begins with `start`."""

    def __init__(self, installation: Installation, url: str, story: Story) -> None:
        record = connect_record(installation, load_settings())
        key = create(record, KeyKind.SECRET, SystemClock().now()).key
        record.dispose()
        with httpx.Client(base_url=url, auth=(key, ""), timeout=60, trust_env=False) as client:
            assert post(client, story.before, lambda _: None).refused == 0
        self.stop = threading.Event()
        lives = Lives(url, key, self.stop, story.lives)
        self.senders: list[Sender] = [lives, Rest(url, key, self.stop, story.rest)]
        self.scores = Scores(url, key, lives, self.stop)

    def start(self) -> None:
        for thread in (*self.senders, self.scores):
            thread.start()

    def end(self) -> None:
        self.stop.set()
        for thread in (*self.senders, self.scores):
            thread.join(START_S)
            assert not thread.is_alive(), f"{thread.name} never got an answer"
            assert not thread.problem, thread.problem

    def await_flow(self) -> None:
        await_traffic(self.senders)
        before = self.scores.answered
        until(lambda: self.scores.answered > before, START_S, "scores are answered")


def _kill_under_traffic(
    running: Running, installation: Installation, traffic: _Traffic, rounds: int, seed: int
) -> tuple[list[str], list[Life]]:
    draw = random.Random(seed)
    killed: list[str] = []
    stores: list[Life] = []
    traffic.start()
    try:
        for number in range(rounds):
            if number and number % FRESH_UP_EVERY == 0:
                running.kill("up")
                killed.append("up")
            first, second = draw.sample(VICTIMS, len(VICTIMS))
            for name in (first, second):
                if name == first or draw.random() > TOGETHER:
                    _await_calm(installation, traffic, draw)
                if name == "redis":
                    stores.append(_await_new(installation, stores))
                if name == "worker" and draw.random() < AIMED:
                    _kill_after_a_commit(running, Stores(installation))
                else:
                    running.kill(name)
                killed.append(name)
        until(lambda: _filled(installation), START_S, "the store is filled")
        traffic.await_flow()
    finally:
        traffic.end()
    return killed, stores


def _await_calm(installation: Installation, traffic: _Traffic, draw: random.Random) -> None:
    """Mostly until all is well again; now and then the next death comes before that."""
    if draw.random() < CALM:
        until(lambda: _filled(installation), START_S, "the store is filled")
        stores = Stores(installation)
        before = stores.progress().offset
        until(lambda: stores.progress().offset > before, START_S, "the worker goes on")
        stores.record.dispose()
        traffic.await_flow()
    time.sleep(draw.uniform(0, MOST_PAUSE_S))


def _kill_after_a_commit(running: Running, stores: Stores) -> None:
    """The worker dies when a batch is in the record and nothing of it can be online: the online
    store is frozen meanwhile, for what follows a commit takes less time than to look for it.
    """
    until(lambda: running.find("worker") is not None, START_S, "the worker runs")
    worker, store = running.find("worker"), running.find("redis")
    assert worker is not None
    if store is not None:
        store.suspend()
        time.sleep(FROZEN_S)
    before = stores.progress().offset
    until(lambda: stores.progress().offset > before, START_S, "the worker commits")
    worker.kill()
    if store is not None:
        store.resume()
    stores.record.dispose()


def look(installation: Installation) -> Life | None:
    """The online store that runs now; None while there is none."""
    try:
        client = connect_redis(redis_url(installation, load_settings()), timeout_s=1.0)
        told: dict[str, Any] = {**client.info("server"), **client.info("persistence")}  # type: ignore[dict-item]
        filled = OnlineStore(client).is_filled()
    except (StartError, redis.RedisError):
        return None
    return Life(told["run_id"], told["rdb_last_load_keys_loaded"], filled)


def _filled(installation: Installation) -> bool:
    life = look(installation)
    return life is not None and life.filled


def _await_new(installation: Installation, before: list[Life]) -> Life:
    """One that was not killed yet: else the same death would count twice."""
    dead = {one.run for one in before}
    found: list[Life] = []

    def there() -> bool:
        life = look(installation)
        if life is not None and life.run not in dead:
            found.append(life)
        return bool(found)

    until(there, START_S, "a new online store answers")
    return found[0]


def _kept(installation: Installation, answers: list[tuple[str, str]]) -> int:
    """How many of these answers (lead, moment) have their vector in the served log."""
    record = connect_record(installation, load_settings())
    with reading(record) as connection:
        served = newest_served(connection, ALL)
    record.dispose()
    kept = {(one.vector.lead_id, to_iso(one.vector.as_of)) for one in served}
    return sum(answer in kept for answer in answers)


def _compare(installation: Installation) -> dict[str, Any]:
    words = ["features", "parity", "--sample", str(ALL), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words, "--data", str(installation.root)],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr.decode()
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, Any])


def _write_settings(installation: Installation) -> None:
    told = {"features": {"served_sample": 1.0, "served_kept": ALL}}
    installation.settings_file.write_text(yaml.safe_dump(told))
