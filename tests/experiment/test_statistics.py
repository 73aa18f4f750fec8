"""The statistics of experiments, against their own definitions and against thousands of plays."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.experiment import ratio
from training.experiment.difference import Counted, difference
from training.experiment.interval import ALPHA, interval, widening
from training.experiment.simulate import play, revenue, wins
from training.experiment.size import planned_units, rate_deviation
from training.experiment.stop import Figures, Verdict, judge

RUNS = 200


def decisions(draw: object, share: float, planned: int, seed: int) -> Counter[str | None]:
    return Counter(one.decided for one in play(draw, share, planned, 60, RUNS, seed))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_equal_arms_are_told_apart_in_at_most_a_twentieth_of_experiments(share: float) -> None:
    """Though somebody looks every day and would stop at the first decision."""
    found = decisions(wins(0.2), share, 5_000, seed=1)
    assert found[None] >= RUNS * (1 - ALPHA), found


def test_rare_and_large_values_cause_no_false_alarms_in_a_small_arm() -> None:
    """With plain standard errors this very case erred in 9 of 100 experiments."""
    found = decisions(revenue(0.05, 10_000, 1.0, 50_000), 0.05, 8_000, seed=2)
    assert found[None] >= RUNS * (1 - ALPHA), found


@pytest.mark.parametrize(("rate", "share"), [(0.05, 0.5), (0.2, 0.2)])
def test_a_lift_is_found_at_the_planned_size(rate: float, share: float) -> None:
    """Otherwise the plan promises what the test cannot keep."""
    planned = planned_units(rate, rate_deviation(rate), 0.2, share)
    found = decisions(wins(rate, lift=0.2), share, planned, seed=3)
    assert found["winner"] >= RUNS * 0.8, found
    assert not found["loser"]


def test_an_ordinary_interval_would_err_far_more_often() -> None:
    """What all this is for: the same plays, looked at daily by a 95 % interval for one look."""
    chance = np.random.default_rng(4)
    values = chance.normal(0, 1, (RUNS, 2_000)).cumsum(axis=1)
    count = np.arange(1, 2_001)
    looks = slice(50, None, 50)
    z = np.abs(values / np.sqrt(count))[:, looks]
    assert (z > 1.96).any(axis=1).mean() > 3 * ALPHA
    assert (z > widening(count, 1_000)[looks]).any(axis=1).mean() <= ALPHA


@given(
    z=st.floats(-20, 20),
    count=st.integers(1, 10**6),
    planned=st.integers(10, 10**6),
)
def test_the_interval_excludes_zero_exactly_when_the_e_value_decides(
    z: float, count: int, planned: int
) -> None:
    """Two ways to say one thing must not contradict each other in a report."""
    seen = interval(z, 1.0, count, planned)
    edge = abs(abs(z) - widening(count, planned)) < 1e-9
    excluded = seen.low > 0 or seen.high < 0
    assert edge or bool(excluded) == bool(seen.e_value >= 1 / ALPHA)


def test_the_widening_is_the_published_formula_at_its_best_where_it_was_planned() -> None:
    """Waudby-Smith et al. 2024: about 3.03 standard errors at the planned size, for 95 %."""
    assert widening(1_000.0, 1_000) == pytest.approx(3.035, abs=0.002)
    width = [widening(1_000.0, planned) for planned in (100, 500, 1_000, 2_000, 10_000)]
    assert min(width) == width[2]


def test_nothing_is_decided_on_nothing() -> None:
    """No units, or no variation, is no evidence."""
    none = Counted(*(np.float64(0) for _ in range(4)))
    all_lost = Counted(np.float64(5_000), *(np.float64(0) for _ in range(3)))
    all_won = Counted(*(np.float64(5_000) for _ in range(4)))
    for one, other in ((none, none), (none, all_won), (all_lost, all_lost), (all_won, all_won)):
        seen = difference(one, other, 100)
        assert seen.low == -math.inf
        assert seen.e_value == 0


def test_a_broken_assignment_is_found_and_a_sound_one_is_not_blamed() -> None:
    """2 points too much of a share of 20 %, looked at every 500 units."""
    chance = np.random.default_rng(5)
    off = Counter()
    for share in (0.2, 0.22):
        for _ in range(50):
            challenger = chance.random(20_000) < share
            got = challenger.cumsum()[499::500].tolist()
            counts = [(500 * (at + 1) - some, some) for at, some in enumerate(got)]
            off[share] += any(ratio.is_off(pair, (0.8, 0.2)) for pair in counts)
    assert off == {0.2: 0, 0.22: 50}


def test_evidence_against_the_shares_is_worth_one_on_average_when_they_hold() -> None:
    """What makes it an e-value, exactly: summed over all outcomes, weighted by their chance."""
    n, shares = 40, (0.7, 0.3)
    worth = sum(
        math.comb(n, some) * 0.3**some * 0.7 ** (n - some) * ratio.e_value((n - some, some), shares)
        for some in range(n + 1)
    )
    assert worth == pytest.approx(1.0)


def figures(low: float, high: float, **changes: object) -> Figures:
    seen = interval((low + high) / 2, 1.0, 1, 1)._replace(low=low, high=high)
    told = Figures(seen, base=0.1, lift=0.2, counted=10, planned=100, days=3, max_days=60)
    return told._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (figures(-1, 1), Verdict.KEEP_RUNNING),
        (figures(0.001, 1), Verdict.CHALLENGER_WINS),
        (figures(-1, -0.001), Verdict.CHAMPION_WINS),
        (figures(-0.01, 0.019), Verdict.FUTILE),
        (figures(-0.01, 0.021), Verdict.KEEP_RUNNING),
        (figures(-1, 1, days=60), Verdict.OUT_OF_TIME),
        (figures(-1, 1, days=70, promoted=False), Verdict.ENDED),
        (figures(0.001, 1, promoted=True), Verdict.CHALLENGER_WINS),
        (figures(0.001, 1, broken=("more complaints",)), Verdict.GUARDRAIL),
        (figures(0.001, 1, broken=("x",), ratio_off=True), Verdict.INVALID),
    ],
)
def test_the_stop_rule_asks_for_trust_first_then_harm_then_the_result(
    told: Figures, verdict: Verdict
) -> None:
    """A winner that got the wrong units, or that drives people away, is none."""
    assert judge(told).verdict is verdict
    assert judge(told).over == (verdict is not Verdict.KEEP_RUNNING)


def test_nobody_is_told_to_stop_or_to_wait_for_what_has_ended() -> None:
    """The windows of its units run on, and its report may be read for ever."""
    ended = [
        judge(figures(low, high, promoted=low > 0, **more)).words
        for low, high, more in (
            (-1, 1, {"counted": 0, "planned": 1_179_487_793_626}),
            (0.001, 1, {}),
            (-0.01, 0.01, {"lift": 0.5}),
            (-1, 1, {"broken": ("x",)}),
        )
    ]
    assert ended[0].startswith("undecided: no unit's window has run")
    assert ended[1] == "challenger wins; it has ended, and its challenger was promoted"
    assert all("stop" not in one and "keep running" not in one for one in ended)
    assert all("the champion stayed" in one for one in (ended[0], *ended[2:]))


def test_a_plan_for_nothing_is_refused() -> None:
    """Rather than an infinite size."""
    for wrong in ((0, 1, 0.2, 0.5), (0.1, 0.3, 0, 0.5), (0.1, 0.3, 0.2, 1)):
        with pytest.raises(ValueError, match="above 0"):
            planned_units(*wrong)
