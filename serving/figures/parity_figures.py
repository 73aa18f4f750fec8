"""The continuous comparison's figures in /metrics: another process makes them, the record tells."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.clock import SECOND
from core.database import reading
from features.parity_run import Run, last_run


class ParityFigures(Collector):
    """Read from the record at each scrape; nothing while the record does not answer."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterator[Metric]:
        """Names without a look into the record."""
        yield from _families(Run())

    def collect(self) -> Iterator[Metric]:
        try:
            with reading(self._engine) as connection:
                run = last_run(connection)
        except SQLAlchemyError:
            return
        yield from _families(run)


def _families(run: Run) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "leadline_parity_compared",
        "Served feature values that were compared with the lake.",
        value=run.compared_total,
    )
    yield CounterMetricFamily(
        "leadline_parity_mismatches",
        "Served feature values that differed from the lake.",
        value=run.mismatches_total,
    )
    yield GaugeMetricFamily(
        "leadline_parity_run_timestamp_seconds",
        "When served values were last compared with the lake; 0 for never.",
        value=run.at / SECOND,
    )
