"""The worker: reads accepted events from the log in batches and runs the pipeline."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import OperationalError

from core.clock import SystemClock
from core.connections import connect_record, connect_redis, redis_url
from core.installation import Installation
from core.settings import Settings
from events.identity.domains import registered_domain
from events.identity.index import IdentifierIndex
from events.intake.log import EventLog
from features.online import OnlineStore
from serving.figures.metrics_port import metrics_on
from serving.figures.traced import TracedPipeline
from serving.figures.tracing import tracing_of
from serving.figures.worker_figures import WorkerFigures
from serving.release.inforce import InForce
from serving.worker.control import Control, ask
from serving.worker.evictions import Evictions
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

_log = logging.getLogger(__name__)

TRY_AGAIN_S = 1.0


def run(installation: Installation, settings: Settings, stop: threading.Event) -> None:
    """Until `stop`: a batch that was begun is finished, the next start goes on behind it.

    StartError when the port for its metrics is taken, or traces cannot be exported.
    """
    tracing = tracing_of("worker")
    clock = SystemClock()
    engine = connect_record(installation, settings)
    client = connect_redis(redis_url(installation, settings), settings.redis.timeout_s)
    index = IdentifierIndex(client, engine, installation.secret())
    store = OnlineStore(client, settings.redis.expire_days)
    online = OnlineSync(engine, store, index, Evictions(client))
    inforce = InForce(installation, engine, settings.models.poll_s)
    judge = Judge(settings, inforce)
    pipeline = Pipeline(installation, settings, engine, judge, online, clock)
    log = EventLog(installation.log_db, clock)
    _warm(inforce)
    try:
        figures = WorkerFigures(pipeline, log)
        if tracing is not None:
            judge.stage = tracing.span
        run = TracedPipeline(tracing, pipeline) if tracing else pipeline
        with metrics_on(settings.worker.metrics_port, "worker.metrics_port", figures):
            Loop(run, log, settings, stop).run()
    finally:
        if tracing is not None:
            tracing.close()
        log.close()
        engine.dispose()


def _warm(inforce: InForce) -> None:
    """Loads what the first batch needs before it comes: a cold first event took 0.7 s longer."""
    import pyarrow.parquet  # noqa: F401

    registered_domain("first.example")
    inforce.now()


class Loop:
    """Batches while there are events; between them catches Redis up and rescores who is due."""

    def __init__(
        self,
        pipeline: Pipeline | TracedPipeline,
        log: EventLog,
        settings: Settings,
        stop: threading.Event,
    ) -> None:
        self._pipeline = pipeline
        self._log = log
        self._settings = settings
        self._stop = stop

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                if not self.step():
                    self._stop.wait(self._settings.worker.poll_s)
            except (OperationalError, OSError) as fault:
                # The disk or the database: nothing of the batch was kept, and nothing is lost.
                _log.error("cannot go on: %s; trying again in %s s", fault, TRY_AGAIN_S)
                self._stop.wait(TRY_AGAIN_S)

    def step(self) -> bool:
        """One batch, if there are events. False when there was nothing to do."""
        self._pipeline.keep_up()
        after = self._pipeline.progress.offset
        raws = self._log.read(after, self._settings.worker.batch)
        if raws:
            self._pipeline.run(raws)
        elif self._pipeline.history_is_late and self._settings.lake.keep_days is None:
            # Where old events are dropped, history cannot be told from its beginning.
            ask(self._log, Control.RETELL)
        elif self._pipeline.quiet and (until := self._log.complete_until(after)) is not None:
            self._pipeline.advance(until)
        return bool(raws)
