"""A temporary installation with a real online store: everything that a role would find."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from core.clock import SystemClock
from core.connections import connect_redis
from core.database import open_record
from core.installation import Installation
from core.settings import Settings
from events.identity.index import IdentifierIndex
from events.intake.log import EventLog, NewEvent
from events.types import Door
from features.online import OnlineStore
from serving.release.inforce import InForce
from serving.roles.worker import Loop
from serving.running.embedded import Embedded
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

START_S = 20.0
POSTED = 500
"""Events in one append: what a sender's batch holds."""


class Place:
    """A context: on leaving, the server is ended and the folder removed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="leadline-bench-")
        self.installation = Installation(Path(self._folder.name)).create()
        self.settings = Settings()
        server = Embedded(self.installation)
        self.url = server.url
        self._server = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not server.answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the online store did not start")
            time.sleep(0.02)
        self.client = connect_redis(server.url, timeout_s=20.0)
        self.engine = open_record(self.installation.record_db)
        self.log = EventLog(self.installation.log_db)
        self.store = OnlineStore(self.client)
        self.index = IdentifierIndex(self.client, self.engine, self.installation.secret())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.log.close()
        self.client.close()
        self.engine.dispose()
        self._server.terminate()
        self._server.wait(10)
        self._folder.cleanup()

    @property
    def server_pid(self) -> int:
        return self._server.pid

    def accept(self, bodies: Sequence[bytes], door: Door) -> None:
        """Writes events to the log as the api would; returns once they are synced."""
        events = [NewEvent(door, "segment", "bench", "127.0.0.1", "bench", one) for one in bodies]
        for at in range(0, len(events), POSTED):
            self.log.append(events[at : at + POSTED]).result()

    def worker(self) -> tuple[Pipeline, Loop]:
        """A worker as `leadline worker` builds it, to be stepped by hand."""
        clock = SystemClock()
        online = OnlineSync(self.engine, self.store, self.index)
        in_force = InForce(self.installation, self.engine, self.settings.models.poll_s)
        judge = Judge(self.settings, in_force)
        pipeline = Pipeline(self.installation, self.settings, self.engine, judge, online, clock)
        return pipeline, Loop(pipeline, self.log, self.settings, threading.Event())
