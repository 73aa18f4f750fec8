"""What the api counts, for Prometheus; a registry of its own, so that no library's names mix in."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from events.types import Door
from rules import RuleReport

_SECONDS = (
    *(0.0001, 0.0002, 0.0003, 0.0005, 0.0007),
    *(0.001, 0.0015, 0.002, 0.003, 0.005, 0.007),
    *(0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2, 0.5, 1.0, 5.0),
)


class Metrics:
    """Made once a process. A label's values come from tables of ours, never from a request."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "leadline_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "leadline_request_seconds",
            "Time to the answer, by route.",
            ("method", "route"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.stages = Histogram(
            "leadline_score_stage_seconds",
            "Time in each stage of a score call.",
            ("stage",),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.loop_late = Gauge(
            "leadline_loop_late_seconds",
            "How late the event loop was at the worst since the last look.",
            registry=self.registry,
        )
        self.degraded = Counter(
            "leadline_scores_degraded",
            "Scores answered without an optional input, by what was missing.",
            ("missing",),
            registry=self.registry,
        )
        self.pixels_refused = Counter(
            "leadline_pixels_refused",
            "Pixels answered with the image though their event was refused.",
            registry=self.registry,
        )
        self.dropped = Counter(
            "leadline_served_vectors_dropped",
            "Vectors of the sample that were not kept, as too many waited or the disk refused.",
            registry=self.registry,
        )
        self.turned_away = Counter(
            "leadline_scores_turned_away",
            "Calls for scores or the past not answered: too many at once, or no time left.",
            ("why",),
            registry=self.registry,
        )
        self.calls_dropped = Counter(
            "leadline_score_calls_dropped",
            "Leads of sampled score calls that were not kept: too many waited or the disk refused.",
            registry=self.registry,
        )
        self.exposures_dropped = Counter(
            "leadline_exposures_dropped",
            "Scores that an experiment did not count, as too many waited or the disk refused.",
            registry=self.registry,
        )
        self._rule_failures = Counter(
            "leadline_rule_failures",
            "Rules that raised while a lead was scored, and so counted as missing, by rule.",
            ("rule",),
            registry=self.registry,
        )
        self._accepted = Counter(
            "leadline_events_accepted",
            "Events on disk and answered, by door.",
            ("door",),
            registry=self.registry,
        )

        # Looking a label up takes as long as counting.
        self._stage = cache(self.stages.labels)
        self._seconds = cache(self.seconds.labels)
        self._requests = cache(self.requests.labels)

    def stage(self, name: str) -> AbstractContextManager[object]:
        """Times what is done inside."""
        return self._stage(name).time()

    def waited(self, seconds: float) -> None:
        """The stage `wait`: until a thread took up what was asked."""
        self._stage("wait").observe(seconds)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request, from the table's words for it."""
        self._seconds(method, route).observe(seconds)
        self._requests(method, route, str(status)).inc()

    def refused(self, method: str, route: str, status: int) -> None:
        """One that no work was done for: among the seconds it would make answers look quick."""
        self._requests(method, route, str(status)).inc()

    def rules_failed(self, reports: Iterable[RuleReport]) -> None:
        for report in reports:
            for rule in report.failed:
                self._rule_failures.labels(rule).inc()

    def accepted(self, door: Door) -> Counter:
        return self._accepted.labels(door.value)
