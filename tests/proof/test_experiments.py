"""A thousand experiments of each kind: how often the rules err, how often they find a lift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from core.clock import DAY
from training.experiment.interval import ALPHA
from training.experiment.measures import HARM
from training.experiment.path import path
from training.experiment.simulate import Draw, play, revenue, speed, wins
from training.experiment.size import POWER, planned_units, rate_deviation

pytestmark = pytest.mark.proof

RUNS = 1_000
DAYS = 60
LIFT = 0.2
CAP = 50_000.0


def moments(draw: Draw) -> tuple[float, float]:
    """Mean and deviation of the champion's units."""
    drawn = draw(np.random.default_rng(0), 0, 1_000_000)
    return float(drawn.mean()), float(drawn.std())


def kinds(rate: float, lift: float) -> dict[str, Draw]:
    return {
        "win rate": wins(rate, lift),
        "revenue": revenue(rate, 10_000, 1.0, CAP, lift),
        "speed": speed(rate, lift),
    }


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("rate", [0.05, 0.2])
@pytest.mark.parametrize("metric", ["win rate", "revenue", "speed"])
def test_equal_arms_alarm_rarely_and_a_lift_is_found(
    metric: str, rate: float, share: float, tell: Callable[[str], None]
) -> None:
    """At the planned size, looked at on each of sixty days, stopped at the first decision."""
    base, deviation = (
        (rate, rate_deviation(rate)) if metric == "win rate" else moments(kinds(rate, 0)[metric])
    )
    planned = planned_units(base, deviation, LIFT, share)
    equal = Counter(
        one.decided for one in play(kinds(rate, 0.0)[metric], share, planned, DAYS, RUNS, seed=11)
    )
    lifted = list(play(kinds(rate, LIFT)[metric], share, planned, DAYS, RUNS, seed=12))
    found = [one for one in lifted if one.decided == "winner"]
    alarms = (RUNS - equal[None]) / RUNS
    tell(
        f"\n{metric}, base {rate:.0%}, share {share:.0%}: planned {planned:,} units; equal arms "
        f"told apart in {alarms:.1%} (winner {equal['winner']}, loser {equal['loser']}); lift of "
        f"{LIFT:.0%} found in {len(found) / RUNS:.1%}, half of them by day "
        f"{np.median([one.day + 1 for one in found]):.0f}"
    )
    assert alarms <= ALPHA
    assert len(found) >= POWER * RUNS


@pytest.mark.parametrize(
    ("name", "draw", "share", "units", "planned"),
    [
        ("win rate 20 %, 500 units", wins(0.2), 0.2, 500, 500),
        ("win rate 2 %, 2,000 units", wins(0.02), 0.5, 2_000, 2_000),
        ("revenue, no cap, 4,000 units", revenue(0.05, 10_000, 1.5, np.inf), 0.2, 4_000, 4_000),
        ("revenue, share 5 %, 8,000 units", revenue(0.05, 10_000, 1.0, CAP), 0.05, 8_000, 8_000),
        ("win rate 20 %, ten times as long as planned", wins(0.2), 0.2, 10_000, 1_000),
    ],
)
def test_equal_arms_alarm_rarely_where_the_theory_is_at_its_limits(
    name: str, draw: Draw, share: float, units: int, planned: int, tell: Callable[[str], None]
) -> None:
    """The intervals are exact for many units; these have few, rare, or far too large values."""
    played = play(draw, share, units, DAYS, RUNS, seed=13, looked_for=planned)
    alarms = sum(one.decided is not None for one in played) / RUNS
    tell(f"\n{name}, share {share:.0%}: equal arms told apart in {alarms:.1%}")
    assert alarms <= ALPHA


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_guardrails_rarely_stop_what_does_no_harm(rate: float, tell: Callable[[str], None]) -> None:
    """What they watch may still happen to a unit after it was looked at: the theory has no such."""
    chance = np.random.default_rng(14)
    stopped = sum(_ever_stopped(chance, rate) for _ in range(RUNS // 5))
    tell(f"\nguardrail, {rate:.0%} suppressed: {stopped} of {RUNS // 5} stopped")
    assert stopped <= HARM * RUNS // 5


def _ever_stopped(chance: np.random.Generator, rate: float, units: int = 6_000) -> bool:
    """A unit is suppressed some days after its first score, five on average, or never."""
    first_at = (np.sort(chance.random(units)) * DAYS * DAY).astype(np.int64)
    later = (chance.exponential(5, units) * DAY).astype(np.int64)
    suppressed_at = np.where(chance.random(units) < rate, first_at + later, 2**62)
    challenger = chance.random(units) < 0.2
    for now in range(DAY, DAYS * DAY + 1, DAY):
        known = first_at <= now
        flags = (suppressed_at[known] <= now).astype(np.float64)
        seen = path(
            flags, first_at[known], challenger[known], start=0, now=now, planned=units, alpha=HARM
        ).seen
        if (seen.low > 0).any():
            return True
    return False
