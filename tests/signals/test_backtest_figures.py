"""A wrong interval is worse than none: somebody will publish because of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from signals.backtest.chance import resampled, spread, wilson
from signals.backtest.draw import work_of
from signals.backtest.figures import figures, gain, lift
from signals.backtest.judged import Judged
from signals.backtest.report import Load
from signals.backtest.tally import MOST_CLUSTERS, Tally, clusters_of, tally


@given(st.integers(1, 5_000), st.floats(0, 1))
def test_wilsons_interval_is_scipys(leads: int, share: float):
    """The same formula from an independent hand."""
    won = round(share * leads)
    other = binomtest(won, leads).proportion_ci(method="wilson")

    assert wilson(won, leads) == pytest.approx((other.low, other.high), abs=1e-9)


def test_no_leads_have_no_interval():
    assert wilson(0, 0) is None


def _judged(priority: list[float]) -> Judged:
    told = np.array(priority)
    band = np.where(told >= 55, 0, np.where(told >= 30, 1, 2)).astype(np.int8)
    zeros = np.zeros(len(told))
    return Judged(told, band, zeros.astype(np.int8), zeros.astype(bool), [None] * len(told))


def _tally(priority: list[float], won: list[bool], accounts: list[str | None]) -> Tally:
    return tally(_judged(priority), np.array(won), clusters_of(accounts))


def _once(told: Tally) -> dict[str, float]:
    return {name: one[0] for name, one in figures(told, np.ones((1, len(told.bands)))).items()}


def test_precision_and_recall_by_hand():
    """Three hot, of which two were won; four won in all, one of them warm and one cold."""
    priority = [90.0, 80.0, 70.0, 40.0, 10.0]
    told = _once(_tally(priority, [True, True, False, True, True], [None] * 5))

    assert told["precision_hot"] == pytest.approx(2 / 3)
    assert told["recall_hot"] == pytest.approx(2 / 4)
    assert told["precision_hot_or_warm"] == pytest.approx(3 / 4)
    assert told["recall_hot_or_warm"] == pytest.approx(3 / 4)
    assert told["cold"] == 1.0


def test_the_lift_of_the_best_tenth_by_hand():
    """Of 20 leads the best two are looked at; one was won, of 4 in all: 0.5 / 0.2."""
    priority = [float(100 - at) for at in range(20)]
    won = [at in {0, 5, 10, 15} for at in range(20)]

    assert _once(_tally(priority, won, [None] * 20))["lift_10"] == pytest.approx(2.5)


def test_leads_of_one_priority_share_the_last_places():
    """All are alike: whoever were taken first by chance would make a lift out of nothing."""
    won = [at < 4 for at in range(20)]

    assert _once(_tally([50.0] * 20, won, [None] * 20))["lift_10"] == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.integers(0, 1_000), st.booleans()), min_size=10, max_size=200).filter(
        lambda leads: any(won for _, won in leads)
    )
)
def test_the_lift_is_that_of_sorted_leads(leads: list[tuple[int, bool]]):
    """Against a plain sort, where no priority is shared and a tenth is a whole number."""
    distinct = dict(leads)
    kept = list(distinct.items())[: len(distinct) // 10 * 10]
    if not kept or not any(won for _, won in kept):
        return
    counts = np.zeros((1, 1_001, 2))
    for step, won in kept:
        counts[0, step] += (1, won)
    best = sorted(kept)[: len(kept) // 10]
    share = sum(won for _, won in kept) / len(kept)

    assert lift(counts)[0] == pytest.approx(sum(won for _, won in best) / len(best) / share)


def test_the_gain_curve_ends_with_everything():
    leads, won = gain(_tally([90.0, 50.0, 10.0], [True, False, True], [None] * 3).steps.sum(axis=0))

    assert (leads[0], won[0], leads[-1], won[-1]) == (0, 0, 1, 1)


def test_people_of_one_company_do_not_count_as_chance_of_their_own():
    """Each lead ten times over, within its account, is no more evidence than once."""
    chance = np.random.default_rng(1)
    won = (chance.random(300) < 0.3).tolist()
    accounts = [f"a{at}" for at in range(300)]

    def width(times: int) -> float:
        told = _tally([60.0] * (300 * times), won * times, accounts * times)
        interval = spread(figures(told, resampled(len(told.bands), 7))["hot"])
        assert interval is not None
        return interval[1] - interval[0]

    assert width(10) == pytest.approx(width(1))
    low, high = wilson(sum(won), 300) or (0, 0)
    assert width(1) == pytest.approx(high - low, rel=0.1)


def test_accounts_beyond_the_clusters_share_them():
    """A million leads cost no more than their counting, and no account is torn apart."""
    accounts = [f"a{at % 2_500}" for at in range(5_000)]
    clusters = clusters_of([*accounts, None])

    assert clusters.max() == MOST_CLUSTERS - 1
    assert (clusters[:2_500] == clusters[2_500:5_000]).all()


def test_whoever_has_no_account_stands_alone():
    """All who are unknown as one company would make one company of strangers."""
    assert len(set(clusters_of([None, None, "a", "a", None]).tolist())) == 4


def test_a_figure_that_often_has_no_meaning_has_no_interval():
    """A band with one lead is empty in a third of the draws: an interval of the rest would lie."""
    assert spread(np.array([0.5] * 90 + [np.nan] * 10)) is None
    assert spread(np.array([0.5] * 99 + [np.nan])) == (0.5, 0.5)


def test_the_work_of_an_owner_is_that_of_all_response_times():
    """An edit of routing alone moves leads between people: the picture has to show it."""
    loads = (Load("rep", 900, 3, 1), Load("desk", 3_600, 0, 4), Load("rep", 3_600, 2, 0))
    assert work_of(loads) == ({"rep": 5, "desk": 0}, {"rep": 1, "desk": 4})
