"""How far the worker has come, as figures for Prometheus: taken at the scrape, free until then."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.clock import SECOND
from core.errors import LeadlineError
from events.intake.log import EventLog
from events.progress import Progress
from serving.worker.pipeline import Pipeline


class WorkerFigures(Collector):
    """Of the pipeline of this process. A scrape reads the end of the log, and nothing else."""

    def __init__(self, pipeline: Pipeline, log: EventLog) -> None:
        self._pipeline = pipeline
        self._log = log

    def describe(self) -> Iterator[Metric]:
        """Names without a look into the log."""
        yield from _of_progress(Progress())
        yield _lag(0)

    def collect(self) -> Iterator[Metric]:
        come = self._pipeline.progress
        yield from _of_progress(come)
        try:
            yield _lag(max(0, self._log.last_offset() - come.offset))
        except LeadlineError:
            return


def _of_progress(come: Progress) -> Iterator[Metric]:
    events = CounterMetricFamily(
        "leadline_worker_events", "Events of the log, by what became of them.", labels=["fate"]
    )
    for fate in ("processed", "duplicates", "failed"):
        events.add_metric([fate], getattr(come, fate))
    yield events
    stages = CounterMetricFamily(
        "leadline_worker_stage_seconds", "Time in each stage of a batch.", labels=["stage"]
    )
    for stage, seconds in come.stage_seconds.items():
        stages.add_metric([stage], seconds)
    yield stages
    yield GaugeMetricFamily(
        "leadline_worker_watermark_timestamp_seconds",
        "Up to when all accepted events are processed; 0 for never.",
        value=come.watermark / SECOND,
    )
    yield GaugeMetricFamily(
        "leadline_worker_online_lag_events",
        "Events whose effects are in the record and not yet in the online store.",
        value=max(0, come.offset - come.online_offset),
    )


def _lag(events: int) -> Metric:
    return GaugeMetricFamily(
        "leadline_worker_lag_events", "Accepted events that wait for the worker.", value=events
    )
