"""What is in force, as figures in /metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from core.errors import LeadlineError
from serving.release.inforce import InForce


class ReleaseFigures(Collector):
    """Asked at each scrape; nothing while nothing could be loaded."""

    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force

    def describe(self) -> Iterator[Metric]:
        """Names without a look into the record."""
        yield from _families(0, 0, refused=False)

    def collect(self) -> Iterator[Metric]:
        try:
            loaded = self._in_force.now()
        except (LeadlineError, SQLAlchemyError):
            return
        release = loaded.release
        yield from _families(release.number, release.rules_version, bool(loaded.refused_rules))


def _families(number: int, rules: int, refused: bool) -> Iterator[Metric]:
    yield GaugeMetricFamily("leadline_release", "The release in force here.", value=number)
    yield GaugeMetricFamily(
        "leadline_rules_version", "The version of the rules in force here.", value=rules
    )
    yield GaugeMetricFamily(
        "leadline_rules_refused",
        "1 while a later version of the rules cannot be compiled here, else 0.",
        value=float(refused),
    )
