"""The outbox as figures for Prometheus: what waits, what was given up, for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.clock import SECOND, Clock
from core.database import reading
from signals.outbox import depths, due_since


class OutboxFigures(Collector):
    """Read from the record at each scrape; nothing while the record does not answer."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Names without a look into the record."""
        yield from _families([], 0.0)

    def collect(self) -> Iterator[Metric]:
        try:
            with reading(self._engine) as connection:
                held, since = depths(connection), due_since(connection)
        except SQLAlchemyError:
            return
        overdue = 0 if since is None else max(0, self._clock.now() - since)
        yield from _families(held, overdue / SECOND)


def _families(held: Sequence[tuple[str, str, int]], overdue_s: float) -> Iterator[Metric]:
    outbox = GaugeMetricFamily(
        "leadline_outbox_signals",
        "Signals that wait for a destination, or were given up (undeliverable).",
        labels=["destination", "state"],
    )
    for destination, state, signals in held:
        outbox.add_metric([destination, state], signals)
    yield outbox
    yield GaugeMetricFamily(
        "leadline_outbox_overdue_seconds",
        "How long the longest due signal has been waiting.",
        value=overdue_s,
    )
