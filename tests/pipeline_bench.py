"""A worker's pipeline in one piece, with the clock in the test's hand."""

from __future__ import annotations

import json
from typing import Any

import redis
import sqlalchemy as sa

from core.clock import FixedClock, from_iso
from core.database import open_record
from core.installation import Installation
from core.settings import Settings
from events.identity.index import IdentifierIndex
from events.types import Door, RawEvent
from features.online import OnlineStore
from serving.release.inforce import InForce
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

START = from_iso("2026-03-02T10:00:00Z")


class Bench:
    """Feeds messages as if they had been received at the clock's time."""

    def __init__(
        self,
        installation: Installation,
        client: redis.Redis,
        now: int = START,
        engine: sa.Engine | None = None,
    ) -> None:
        """The record is the installation's own, unless an engine is given."""
        self.installation = installation
        self.settings = Settings()
        self.clock = FixedClock(now)
        self.engine = engine or open_record(installation.record_db)
        self.store = OnlineStore(client)
        self.index = IdentifierIndex(client, self.engine, installation.secret())
        self.offset = 0
        self.start()

    def start(self) -> None:
        """A new worker on the same stores: what a restart does."""
        online = OnlineSync(self.engine, self.store, self.index)
        judge = Judge(self.settings, InForce(self.installation, self.engine, 0.0))
        self.pipeline = Pipeline(
            self.installation, self.settings, self.engine, judge, online, self.clock
        )

    def raw(self, message: Any, door: Door = Door.LIVE) -> RawEvent:
        """The next event of the log: strictly later than the one before."""
        self.offset += 1
        self.clock.move(1)
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return RawEvent(
            offset=self.offset,
            recorded_at=self.clock.now(),
            door=door,
            source="segment",
            key_id="k",
            ip="127.0.0.1",
            user_agent="test",
            body=body,
        )

    def feed(self, *messages: Any, door: Door = Door.LIVE) -> None:
        """One batch."""
        self.pipeline.keep_up()
        self.pipeline.run([self.raw(message, door) for message in messages])
