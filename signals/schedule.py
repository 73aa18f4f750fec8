"""When to try again: the retry schedule of Standard Webhooks 1.0.0."""

from __future__ import annotations

from collections.abc import Callable

from core.clock import DAY, HOUR, MINUTE, SECOND

STEPS = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
JITTER = 0.2


def next_try(
    attempts: int, now: int, retry_after_s: float | None, draw: Callable[[], float]
) -> int | None:
    """When to try again after `attempts` failures; None once all tries are used up.

    Not before the receiver's Retry-After (at most a day), and later by up to a fifth, so that
    what failed together does not come back together. `draw` gives numbers from 0 to 1.
    """
    if attempts > len(STEPS):
        return None
    asked = min(round((retry_after_s or 0.0) * SECOND), DAY)
    wait = max(STEPS[attempts - 1], asked)
    return now + round(wait * (1 + JITTER * draw()))
