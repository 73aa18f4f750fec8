"""Deliver: drains the outbox, and runs the timers that must not slow down api or worker."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.changes import Changes
from core.clock import DAY, SystemClock
from core.database import open_record, reading, writing
from core.installation import Installation
from core.settings import Settings
from events import progress
from events.intake.log import EventLog
from rules.life import counts
from serving.figures.metrics_port import metrics_on
from serving.figures.outbox_figures import OutboxFigures
from serving.watches.drift_watch import EVERY_S as DRIFT_S
from serving.watches.drift_watch import DriftWatch
from serving.watches.lake_watch import LakeWatch
from serving.watches.model_watch import ModelWatch
from serving.watches.parity_watch import ParityWatch
from serving.watches.registry_watch import EVERY_S as REGISTRY_S
from serving.watches.registry_watch import RegistryWatch
from serving.watches.retrain_watch import RetrainWatch
from signals.deliver import Deliverer
from signals.destinations.table import fingerprint, make_destinations

_log = logging.getLogger(__name__)

TURN_S = 0.02
"""Between two looks for news: a small share of the second from event to signal."""
OUTBOX_S = 0.5
"""The outbox is looked into at least so often: what waits for its time brings no news."""
TRY_AGAIN_S = 1.0
PRUNE_EVERY_S = 3_600.0


def run(installation: Installation, settings: Settings, stop: threading.Event) -> None:
    """Until `stop`. DefinitionError when a destination is declared wrongly; StartError when the
    port for its metrics is taken.
    """
    # It logs each URL, and that of a Slack channel is its secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    destinations = make_destinations(settings.signals)
    fingerprints = {
        name: fingerprint(declared) for name, declared in settings.signals.destinations.items()
    }
    url = settings.record.url
    engine = open_record(url.get_secret_value() if url else installation.record_db)
    draw = random.SystemRandom().random
    deliverer = Deliverer(engine, destinations, fingerprints, SystemClock(), draw)
    changes = Changes(engine)
    try:
        for timer in _timers(installation, settings, engine, stop):
            timer.start()
        figures = OutboxFigures(engine, SystemClock())
        with metrics_on(settings.signals.metrics_port, "signals.metrics_port", figures):
            _turn_until(stop, deliverer, changes)
    finally:
        deliverer.close()
        changes.close()
        engine.dispose()


def _turn_until(stop: threading.Event, deliverer: Deliverer, changes: Changes) -> None:
    """A look for news costs microseconds, a turn a transaction: most looks find nothing."""
    at_latest = 0.0
    while not stop.wait(TURN_S):
        # Asked first: what is committed while the turn reads is news again.
        if not changes.come() and not deliverer.told and time.monotonic() < at_latest:
            continue
        try:
            deliverer.turn()
            at_latest = time.monotonic() + OUTBOX_S
        except SQLAlchemyError as fault:
            # Nothing is lost: what was sent and not written down is sent again under its id.
            _log.error("cannot go on: %s; trying again in %s s", fault, TRY_AGAIN_S)
            at_latest = 0.0
            stop.wait(TRY_AGAIN_S)


def _timers(
    installation: Installation, settings: Settings, engine: sa.Engine, stop: threading.Event
) -> list[threading.Thread]:
    def prune() -> None:
        now = SystemClock().now()
        prune_log(installation, engine, now - settings.worker.log_days * DAY)
        with writing(engine) as record:
            counts.prune(record, now)

    works: dict[str, tuple[Callable[[], None], float]] = {
        "watch": (
            ModelWatch(installation, engine, SystemClock()).look,
            settings.models.watch_s,
        ),
        "prune": (prune, PRUNE_EVERY_S),
        "lake": (
            LakeWatch(installation, settings.lake, engine, SystemClock(), stop).look,
            settings.lake.compact_s,
        ),
        "registry": (RegistryWatch(installation, stop).look, REGISTRY_S),
    }
    if settings.models.retrain:
        retrain = RetrainWatch(installation, settings.models, stop).look
        works["retrain"] = (retrain, settings.models.retrain_look_s)
    if settings.models.drift_every_s:
        drift = DriftWatch(installation, settings.models, engine, SystemClock(), stop).look
        works["drift"] = (drift, min(DRIFT_S, settings.models.drift_every_s))
    if every_s := settings.features.parity_every_s:
        works["parity"] = (ParityWatch(installation, settings.features, stop).look, every_s)
    return [
        threading.Thread(target=_repeat, args=(name, work, every_s, stop), name=name, daemon=True)
        for name, (work, every_s) in works.items()
    ]


def prune_log(installation: Installation, engine: sa.Engine, before: int) -> int:
    """Drops raw events recorded before a moment (microseconds, UTC), never unprocessed ones."""
    with reading(engine) as connection:
        processed = progress.load(connection).offset
    log = EventLog(installation.log_db)
    try:
        return log.prune(before, processed)
    finally:
        log.close()


def _repeat(name: str, work: Callable[[], object], every_s: float, stop: threading.Event) -> None:
    """A timer's failure is told, once as long as it stays the same, and never ends the role."""
    told = ""
    while not stop.wait(every_s):
        try:
            work()
            told = ""
        except Exception as fault:  # noqa: BLE001 - see above
            if str(fault) != told:
                told = str(fault)
                _log.warning("timer %s: %s", name, fault)
