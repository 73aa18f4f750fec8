"""The summary says what fell short, and what is still under way."""

from __future__ import annotations

import msgspec
import pytest

from demo.figures import Figures, Model, Spread
from demo.story import tell_figures

MODEL = Model(
    name="lead_propensity",
    version="1",
    auc=0.72,
    average_precision=0.4,
    brier=0.16,
    baseline_auc=0.7,
    baseline_average_precision=0.4,
    baseline_brier=0.16,
    baseline_plain_auc=0.69,
)
FIGURES = Figures(
    seed=7,
    difficulty="intro",
    events_posted=10,
    events_accepted=10,
    events_refused=0,
    events_processed=10,
    events_duplicate=0,
    events_failed=0,
    page_views_posted=5,
    page_views_counted=5,
    leads=3,
    accounts=2,
    model=MODEL,
    signals=40,
    slack_messages=12,
    slack_waiting=28,
    event_to_signal_ms=Spread(50, 90),
    score_ms=Spread(3, 9),
    worker_stage_seconds={},
)


def told(**model: float | None) -> str:
    lines: list[str] = []
    ours = msgspec.structs.replace(MODEL, **model)
    tell_figures(msgspec.structs.replace(FIGURES, model=ours), lines.append)
    return "\n".join(lines)


def test_an_auc_below_the_baseline_is_told_with_what_it_is_worth() -> None:
    """Without the error of one world a reader takes a coin toss for a result."""
    summary = told(auc=0.591, baseline_auc=0.612)
    assert "0.021 below the flat baseline" in summary
    assert "0.02 to 0.03" in summary
    assert "docs/proofs.md" in summary


@pytest.mark.parametrize("auc", [0.7, 0.72, None])
def test_nothing_fell_short_and_nothing_is_said(auc: float | None) -> None:
    """As good is good; where all test leads ended the same there is no figure to compare."""
    assert "below" not in told(auc=auc)


def test_slack_messages_that_still_wait_are_told() -> None:
    """Forty signals and twelve messages would look like a loss."""
    assert "12 messages arrived, 28 still wait" in told()
