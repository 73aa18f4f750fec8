"""A whole api over real HTTP: a real online store, a real log and record, the worker by hand."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import SystemClock
from core.connections import connect_redis
from core.database import open_record
from core.installation import Installation
from core.settings import load_settings
from events.identity.index import IdentifierIndex
from events.intake.log import EventLog
from events.types import RawEvent
from features.online import OnlineStore
from serving.keys import KeyKind, Scope, create
from serving.release.inforce import InForce
from serving.roles import api
from serving.roles.worker import Loop
from serving.running.embedded import Embedded, free_port
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

CLIENT_S = 120
"""Patience with a machine that others keep busy: nothing is timed here."""


class Rig:
    """`client` has a secret key with all scopes, `pages` a write key; `work()` is one go of the
    worker.
    """

    def __init__(self, folder: Path) -> None:
        self.installation = Installation(folder).create()
        self.store = Embedded(self.installation)
        self.start_store()
        self.settings = load_settings(
            None, api={"port": free_port(), "worker_late_s": 3600}, models={"poll_s": 0.05}
        )
        self.engine = open_record(self.installation.record_db)
        self.log = EventLog(self.installation.log_db)
        self.stop = threading.Event()
        self.failed: list[BaseException] = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.settings.api.port}"
        now = SystemClock().now()
        self.secret_key = create(self.engine, KeyKind.SECRET, now, tuple(Scope)).key
        self.write_key = create(self.engine, KeyKind.WRITE, SystemClock().now()).key
        self.client = httpx.Client(base_url=self.url, auth=(self.secret_key, ""), timeout=CLIENT_S)
        self.pages = httpx.Client(base_url=self.url, auth=(self.write_key, ""), timeout=CLIENT_S)
        self._await_ready()
        self.worker = self._worker()

    def _run(self) -> None:
        try:
            api.run(self.installation, self.settings, self.stop)
        except BaseException as problem:  # noqa: BLE001 - handed to the test
            self.failed.append(problem)

    def _await_ready(self) -> None:
        for _ in range(20 * CLIENT_S):
            assert not self.failed, self.failed
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError("the api never became ready")

    def _worker(self) -> Loop:
        redis = connect_redis(self.store.url, 1.0)
        index = IdentifierIndex(redis, self.engine, self.installation.secret())
        online = OnlineSync(self.engine, OnlineStore(redis), index)
        judge = Judge(self.settings, InForce(self.installation, self.engine, 0.05))
        pipeline = Pipeline(
            self.installation, self.settings, self.engine, judge, online, SystemClock()
        )
        return Loop(pipeline, self.log, self.settings, self.stop)

    def work(self) -> None:
        """All that was accepted is processed."""
        while self.worker.step():
            continue

    def logged_since(self, offset: int) -> list[RawEvent]:
        return self.log.read(offset, 10_000)

    def start_store(self) -> None:
        folder = self.installation.redis
        self.process = subprocess.Popen(
            self.store.command(), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self.store.answers():
            time.sleep(0.01)

    def stop_store(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.client.close()
        self.pages.close()
        self.stop.set()
        self.thread.join(15)
        assert not self.thread.is_alive(), "the api does not stop"
        self.log.close()
        self.engine.dispose()
        self.stop_store()


@pytest.fixture(scope="package")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    built = Rig(tmp_path_factory.mktemp("installation"))
    yield built
    built.close()


@pytest.fixture
def problem_of() -> Any:
    """Checks that an answer is a problem document with this status, and gives it."""

    def check(response: httpx.Response, status: int) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        told: dict[str, Any] = response.json()
        assert told["status"] == status
        assert told["title"]
        assert told["detail"]
        return told

    return check
