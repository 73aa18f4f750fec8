"""A dependency that failed is left alone for a moment, so that not every call waits for it."""

from __future__ import annotations

from serving.breaker import Breaker


def test_it_opens_on_a_failure_and_closes_after_its_rest() -> None:
    """Recovery needs nobody's hand."""
    now = [0.0]
    breaker = Breaker(1.0, lambda: now[0])
    assert breaker.closed
    breaker.trip()
    assert not breaker.closed
    now[0] = 0.99
    assert not breaker.closed
    now[0] = 1.0
    assert breaker.closed
