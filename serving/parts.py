"""The composition root of the api: an installation's parts, opened once and closed together."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from core.clock import Clock, SystemClock
from core.connections import connect_record, connect_redis, redis_url
from core.errors import StartError
from core.installation import Installation
from core.settings import Settings, load_settings
from events.intake.log import EventLog
from serving.figures.heartbeat import Heartbeat
from serving.figures.metrics import Metrics
from serving.figures.parity_figures import ParityFigures
from serving.figures.release_figures import ReleaseFigures
from serving.figures.retrain_figures import RetrainFigures
from serving.figures.traced import CarryingThreads, TracedMetrics, TracedTogether
from serving.figures.tracing import Tracing, tracing_of
from serving.kept.call_log import CallLog
from serving.kept.exposure_log import ExposureLog
from serving.kept.served_log import ServedLog
from serving.keys import KeyRing
from serving.release.inforce import InForce
from serving.score.desk import ScoreDesk
from serving.score.overload import Overload
from serving.score.past import Past
from serving.score.together import Together

DATA_VARIABLE = "LEADLINE_DATA"
"""The environment variable that names the installation to a server that we do not start."""
CACHE_MIB = 4
"""Of the record, for each connection: samples are written and never read here, and as many pages of
them would be kept as there is room for."""


class Parts:
    """Everything a request may need. StartError says which part cannot be opened."""

    def __init__(
        self,
        installation: Installation,
        settings: Settings,
        clock: Clock | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.installation = installation.create()
        self.settings = settings
        self.clock = clock or SystemClock()
        self.tracing = tracing
        self.metrics = TracedMetrics(tracing) if tracing else Metrics()
        self.engine: sa.Engine = connect_record(installation, settings, cache_mib=CACHE_MIB)
        self.log = EventLog(installation.log_db, self.clock, settings.api.queue_limit)
        self.facts: sa.Engine = connect_record(
            installation, settings, settings.record.timeout_s, CACHE_MIB
        )
        """The record again, for those that can do without it and must not wait for it."""
        self.keys = KeyRing(self.facts, self.clock)
        self.in_force = InForce(installation, self.facts, settings.models.poll_s)
        self.in_force.follow()
        self.redis = connect_redis(redis_url(installation, settings), settings.redis.timeout_s)
        self.metrics.registry.register(ParityFigures(self.engine))
        self.metrics.registry.register(ReleaseFigures(self.in_force))
        self.metrics.registry.register(RetrainFigures(self.engine))
        self.served = ServedLog(
            self.engine, settings.features, self.clock, random.random, self.metrics.dropped.inc
        )
        self.exposures = ExposureLog(self.engine, self.metrics.exposures_dropped.inc)
        self.calls = CallLog(
            self.engine, settings.calls, self.clock, random.random, self.metrics.calls_dropped.inc
        )
        self.overload = Overload(settings.api.score_wait_s)
        self.desk = ScoreDesk(
            installation,
            self.facts,
            self.redis,
            self.in_force,
            self.clock,
            self.metrics,
            served=self.served,
            exposures=self.exposures,
            calls=self.calls,
            late_s=settings.api.worker_late_s,
        )
        self.heartbeat = Heartbeat()
        self.metrics.loop_late.set_function(self.heartbeat.take_worst)
        # Scoring blocks on stores; the loop that accepts events must not.
        threads = CarryingThreads if tracing else ThreadPoolExecutor
        self.threads = threads(4, thread_name_prefix="score")
        self.past = Past(threads(1, thread_name_prefix="past"))
        one_go = self.desk.score_all
        self.together = TracedTogether(tracing, one_go) if tracing else Together(one_go)

        self.streams = 0
        """Signal streams that are open."""
        self.closing = False

    def close(self) -> None:
        """Writes what waits in the log, then lets go of everything."""
        self.closing = True
        self.log.close()
        self.threads.shutdown(cancel_futures=True)
        self.past.close()
        self.together.close()
        self.served.close()
        self.calls.close()
        self.exposures.close()
        self.in_force.close()
        self.redis.close()
        self.facts.dispose()
        self.engine.dispose()
        if self.tracing is not None:
            self.tracing.close()


def parts_of_environment() -> Parts:
    """The installation that LEADLINE_DATA names, for `bentoml serve`."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise StartError(
            f"{DATA_VARIABLE} is not set", do="let it name the data folder of your installation"
        )
    installation = Installation(Path(folder))
    settings = load_settings(installation.settings_file)
    return Parts(installation, settings, tracing=tracing_of("scoring"))
