"""What the demo prints at the end and writes as `demo.json`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct):
    """Milliseconds."""

    p50: float
    p99: float


class Model(msgspec.Struct):
    """Of the test leads, at their prediction moment; the baseline is the flat-table model.

    AUC and average precision are None where all test leads of a small world ended the same.
    """

    name: str
    version: str
    auc: float | None
    average_precision: float | None
    brier: float
    baseline_auc: float | None
    baseline_average_precision: float | None
    baseline_brier: float
    baseline_plain_auc: float | None
    """The baseline untuned: 200 trees of 15 leaves."""
    closed_by_then: dict[str, float] = {}
    """The same figures of test leads whose deal had ended by the moment; they count above too."""
    open_then: dict[str, float] = {}


class Figures(msgspec.Struct):
    """posted = accepted + refused; accepted = processed + duplicates + failed before the visitors.

    `events_failed` counts failed and refused.
    """

    seed: int
    difficulty: str
    events_posted: int
    events_accepted: int
    events_refused: int
    events_processed: int
    events_duplicate: int
    events_failed: int
    page_views_posted: int
    page_views_counted: int
    leads: int
    accounts: int
    model: Model
    signals: int
    """Different signals that the receiver verified."""
    slack_messages: int
    """Those that arrived by the end; `slack_waiting` still wait, for a channel takes one a second.
    """
    slack_waiting: int
    event_to_signal_ms: Spread
    """Of live visitors: from the POST of the event to the signal at the receiver."""
    score_ms: Spread
    """Of single calls over HTTP, as their client sees them."""
    worker_stage_seconds: dict[str, float]
    step_seconds: dict[str, float] = {}
    seconds: float = 0.0
    peak_memory_mib: float = 0.0
    """All processes together."""


def spread(milliseconds: Sequence[float]) -> Spread:
    """Nearest-rank percentiles: each is a value that was measured. ValueError on none at all."""
    if not milliseconds:
        raise ValueError("nothing was measured")
    ordered = sorted(milliseconds)
    return Spread(*(round(ordered[_rank(len(ordered), share)], 2) for share in (0.50, 0.99)))


def _rank(count: int, share: float) -> int:
    return max(math.ceil(count * share) - 1, 0)
