"""A rule that fails in front of traffic is counted where operators look."""

from __future__ import annotations

from prometheus_client import generate_latest

from rules import load_catalog, read_catalog
from serving.figures.metrics import Metrics


def test_each_failure_is_counted_by_its_rule() -> None:
    """The score goes on without the rule, so /metrics has to say that it did."""
    metrics, book = Metrics(), load_catalog(read_catalog())
    metrics.rules_failed(book.evaluate([{"pricing_views_7d": "three"}, {"pricing_views_7d": 1}]))
    told = generate_latest(metrics.registry).decode()
    assert 'leadline_rule_failures_total{rule="pricing_often"} 1.0' in told
    assert told.count("leadline_rule_failures_total{") == 2
