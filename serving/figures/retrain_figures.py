"""The last retraining as figures in /metrics: another process makes it, the record tells."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.clock import SECOND
from core.database import reading
from scoring.retraining import Decision, Retraining, newest


class RetrainFigures(Collector):
    """Read from the record at each scrape; nothing while the record does not answer."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def describe(self) -> Iterator[Metric]:
        """Names without a look into the record."""
        yield from _families([])

    def collect(self) -> Iterator[Metric]:
        try:
            with reading(self._engine) as connection:
                runs = newest(connection)
        except SQLAlchemyError:
            return
        yield from _families(runs)


def _families(runs: list[Retraining]) -> Iterator[Metric]:
    ended = next((one for one in runs if one.decision is not None), None)
    at = ended.ended_at if ended and ended.ended_at else 0
    yield GaugeMetricFamily(
        "leadline_retrain_timestamp_seconds",
        "When the last retraining ended; 0 for never.",
        value=at / SECOND,
    )
    decision = GaugeMetricFamily(
        "leadline_retrain_decision",
        "1 at what the last retraining decided, 0 at the rest.",
        labels=["decision"],
    )
    for one in Decision:
        decision.add_metric([one.value], float(ended is not None and ended.decision is one))
    yield decision
