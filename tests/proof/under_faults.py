"""`leadline up` with an online store of its own, under load, and everything that may break it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import redis
import yaml

from core import release
from core.clock import SystemClock
from core.connections import connect_record
from core.installation import Installation
from core.settings import load_settings
from serving.keys import KeyKind, create
from serving.running.embedded import Embedded
from tests.proof.running import Running, until
from tests.serving.faults.lane import Lane

ASKING = 4
CALM_S = 1.0
HARMED_S = 5.0
PATIENCE_S = 60.0
WHO = "asked"


class Told(NamedTuple):
    """One call: when it was answered, how long it took, and what it said."""

    at: float
    seconds: float
    status: int
    degraded: tuple[str, ...]
    score: tuple[Any, ...]


class Load:
    """Asks for one lead, without a pause, until told to stop."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._stop = threading.Event()
        self.told: list[Told] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(ASKING)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        ask = {"lead": {"user_id": WHO}}
        with httpx.Client(base_url=self._url, auth=(self._key, ""), timeout=60) as client:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    answer = client.post("/v1/score", json=ask)
                except httpx.TransportError:
                    self.told.append(_told(began, 0, {}))
                    continue
                self.told.append(_told(began, answer.status_code, answer.json()))

    def whole_since(self, moment: float) -> float | None:
        """When the first of the last answers came that did without nothing; None until one did."""
        last = None
        for one in reversed(self.told):
            if one.at < moment or one.degraded or one.status != 200:
                break
            last = one.at
        return last

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def _told(began: float, status: int, answer: dict[str, Any]) -> Told:
    now = time.monotonic()
    model = answer.get("model") or {}
    fit = str(answer.get("fit"))
    score = (answer.get("lead_id"), fit, answer.get("band"), model.get("version"))
    return Told(now, now - began, status, tuple(answer.get("degraded", ())), score)


class Fate(NamedTuple):
    """What became of the calls around one fault."""

    fault: str
    answered: int
    failed: int
    scores: int
    """Different ones: 1 is right."""
    missing: dict[str, int]
    median_ms: float
    slowest_ms: float
    recovery_s: float


class Place:
    """A context: an installation that runs, its online store behind a lane, and a load on it."""

    def __init__(self, folder: Path, write_model: Callable[[Installation, str], Path]) -> None:
        self.installation = Installation(folder / "data").create()
        self._own = Installation(folder / "store").create()
        self._store = Embedded(self._own)
        self.server = self._start_store()
        port = int(self._store.url.rpartition(":")[2].partition("/")[0])
        self.lane = Lane(port).__enter__()
        url = self._store.url.replace(f":{port}", f":{self.lane.port}")
        settings = {"redis": {"url": url}}
        self.installation.settings_file.write_text(yaml.safe_dump(settings))
        self.record = connect_record(self.installation, load_settings())
        key = create(self.record, KeyKind.SECRET, SystemClock().now()).key
        self.good = write_model(self.installation, "1")
        self.serve("1")
        self.running = Running(self.installation)
        self.running.await_ready()
        self._fill(key)
        self.load = Load(self.running.url, key)

    def _start_store(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._store.command(), cwd=self._own.redis, stdout=subprocess.DEVNULL
        )
        until(self._store.answers, PATIENCE_S, "the online store answers")
        return process

    def _fill(self, key: str) -> None:
        page = {"userId": WHO, "properties": {"path": "/pricing"}}
        url, auth = self.running.url, (key, "")
        assert httpx.post(f"{url}/v1/page", json=page, auth=auth).status_code == 200

        def whole() -> bool:
            told = httpx.get(f"{url}/v1/score", params={"user_id": WHO}, auth=auth, timeout=60)
            return told.status_code == 200 and not told.json()["degraded"]

        until(whole, PATIENCE_S, "the lead is scored with all that there is")

    def serve(self, version: str) -> None:
        now = SystemClock().now()
        changes = {"model_name": "lead_propensity", "model_version": version}
        release.make(self.record, now, "proof", **changes)

    def store(self) -> redis.Redis:
        return redis.Redis.from_url(self._store.url)

    def revive(self) -> None:
        self.server.wait()
        self.server = self._start_store()

    def end(self) -> None:
        self.load.end()
        self.running.stop()
        self.lane.__exit__()
        self.server.kill()
        self.server.wait()
        self.record.dispose()


Fault = Callable[[Place], Callable[[], None]]
"""Does the harm; what it gives takes the cause away."""


def slow(place: Place) -> Callable[[], None]:
    place.lane.delay_s = 0.15
    return place.lane.mend


def cut_off(place: Place) -> Callable[[], None]:
    place.lane.broken = True
    place.lane.cut()
    return place.lane.mend


def stopped(place: Place) -> Callable[[], None]:
    place.server.send_signal(signal.SIGSTOP)
    return lambda: place.server.send_signal(signal.SIGCONT)


def killed(place: Place) -> Callable[[], None]:
    place.server.kill()
    return place.revive


def emptied(place: Place) -> Callable[[], None]:
    """The worker fills it again by itself."""
    with place.store() as store:
        store.flushall()
    return lambda: None


def wrong_type(place: Place) -> Callable[[], None]:
    """Every key is a list; then they are gone, and the worker fills the store again."""
    with place.store() as store:
        for key in list(store.scan_iter(count=1_000)):
            store.delete(key)
            store.rpush(key, "x")

    def back() -> None:
        emptied(place)

    return back


def record_locked(place: Place) -> Callable[[], None]:
    other = sqlite3.connect(
        place.installation.record_db, isolation_level=None, check_same_thread=False
    )
    other.execute("PRAGMA busy_timeout=30000")
    other.execute("BEGIN EXCLUSIVE")
    return other.close


def registry_gone(place: Place) -> Callable[[], None]:
    folder, aside = place.installation.mlflow, place.installation.root / "aside"
    folder.rename(aside)

    def back() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)

    return back


def model_damaged(place: Place) -> Callable[[], None]:
    """A champion is promoted whose trees are cut short, and the one that serves is damaged too."""
    folder = shutil.copytree(place.good, place.good.with_name("lead_propensity-2"))
    trees = place.good / "model.txt"
    told = trees.read_bytes()
    (folder / "model.txt").write_bytes(told[:-100])
    trees.write_bytes(b"")
    place.serve("2")

    def back() -> None:
        trees.write_bytes(told)
        place.serve("1")
        shutil.rmtree(folder)

    return back


def worker_killed(place: Place) -> Callable[[], None]:
    place.running.kill("worker")
    return lambda: None


FAULTS: tuple[Fault, ...] = (
    slow, cut_off, stopped, killed, emptied, wrong_type, record_locked, registry_gone,
    model_damaged, worker_killed,
)  # fmt: skip


@contextmanager
def place_of(folder: Path, write_model: Callable[[Installation, str], Path]) -> Iterator[Place]:
    place = Place(folder, write_model)
    try:
        yield place
    finally:
        place.end()


def endure(place: Place, fault: Fault) -> Fate:
    """Calm, harm, and calm again: what became of all calls from the harm on."""
    time.sleep(CALM_S)
    began = len(place.load.told)
    mend = fault(place)
    time.sleep(HARMED_S)
    mend()
    mended = time.monotonic()
    until(lambda: _is_whole(place, mended), PATIENCE_S, f"all is as before {fault.__name__}")
    told = place.load.told[began:]
    back = place.load.whole_since(0.0) or mended
    seconds = sorted(one.seconds for one in told)
    missing = Counter(name for one in told for name in one.degraded)
    return Fate(
        fault.__name__, len(told), sum(one.status != 200 for one in told),
        len({one.score for one in told if one.status == 200}), dict(missing),
        1000 * seconds[len(seconds) // 2], 1000 * seconds[-1], max(0.0, back - mended),
    )  # fmt: skip


def _is_whole(place: Place, mended: float) -> bool:
    """For a second, with answers that were asked for after the cause had gone."""
    since = place.load.whole_since(0.0)
    return since is not None and time.monotonic() > max(since, mended) + CALM_S
