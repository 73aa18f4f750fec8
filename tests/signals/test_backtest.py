"""Before anybody publishes an edit, they see whom it would have moved, and how those ended."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.cases import Case
from signals.backtest.backtest import Version, backtest
from signals.backtest.judge import judge_rows
from signals.backtest.judged import BANDS, pool_of
from signals.backtest.query import judge_columns
from signals.backtest.report import Cause, Move, Report
from signals.backtest.telling import lines
from tests.signals.past_fakes import (
    HOT,
    NEARLY,
    NOW,
    case,
    edited,
    past_of,
    rulebook,
)


def tried(cases: Sequence[Case], after: dict[str, str] | None = None, seed: int = 7) -> Report:
    versions = Version("version 1", rulebook()), Version("draft", rulebook(after))
    return backtest(past_of(list(cases)), *versions, days=365, now=NOW, seed=seed)


def test_an_edit_moves_exactly_the_leads_that_it_names():
    """Twenty more points for prices lift those from 45 to 55, over the threshold; nobody else."""
    nearly = [case(number, won=number % 2 == 0, **NEARLY) for number in range(4)]
    others = [case(4, **HOT), case(5), case(6, region="UK"), case(7, demo_views_7d=1)]

    report = tried([*nearly, *others], edited("intent.yaml", "points: 40", "points: 60"))

    assert {one.crm_id for one in report.flips} == {"c0", "c1", "c2", "c3"}
    assert report.flips_total == 4
    one = report.flips[0]
    assert (one.band_before, one.band_after) == ("warm", "hot")
    assert (one.priority_before, one.priority_after) == (45.0, 55.0)
    assert one.because == (Cause("prices_seen", 10.0),)
    assert (one.route_before, one.route_after, one.owner_after) == (None, "everyone_else", "sales")
    assert [flip.won for flip in report.flips] == [True, False, True, False]
    hot = report.bands["hot"]
    assert (hot.before.leads, hot.before.won, hot.before.win_rate) == (1, 0, 0.0)
    assert (hot.after.leads, hot.after.won, hot.after.win_rate) == (5, 2, 0.4)
    assert hot.change.difference == pytest.approx(0.4)
    assert Move("warm", "hot", 4, 2) in report.moves


def test_a_threshold_moves_leads_without_any_rule():
    """The lead hits what it hit before: what moved is the band, and that is what is named."""
    report = tried(
        [case(0, **NEARLY)],
        edited("priority.yaml", "hot: {enter: 55, leave: 45}", "hot: {enter: 45, leave: 40}"),
    )

    assert [one.because for one in report.flips] == [(Cause("bands", None),)]


def test_routes_and_loads_follow_the_draft():
    """A hot lead stays hot and goes to somebody else, who has to answer sooner."""
    draft = edited("routing.yaml", "owner: {fact: owner, else: sales}", "owner: senior")
    draft["routing.yaml"] = draft["routing.yaml"].replace("within: 1h", "within: 15m")

    report = tried([case(0, owner="rep-1", **HOT), case(1, owner="rep-1")], draft)

    [flip] = report.flips
    assert (flip.crm_id, flip.owner_before, flip.owner_after) == ("c0", "rep-1", "senior")
    assert flip.because == (Cause("known_owner", None),)
    assert report.routes == (), "the same rule routes, to another owner"
    loads = {(one.owner, one.respond_within_s): (one.before, one.after) for one in report.owners}
    assert loads == {("rep-1", 3_600): (1, 0), ("senior", 900): (0, 1)}


def test_a_suppression_takes_a_lead_out_of_its_band():
    """Customers would be called no more: counted, and named with what silenced them."""
    draft = edited("negative.yaml", "fact: deals_won_ever, op: at_least, value: 1",
                   "fact: region, op: is, value: UK")  # fmt: skip
    draft["negative.yaml"] = draft["negative.yaml"].replace("{deals_won_ever: 1}", "{region: UK}")

    report = tried([case(0, won=True, **HOT), case(1)], draft)

    assert (report.suppressed.before.leads, report.suppressed.after.leads) == (0, 1)
    [flip] = report.flips
    assert (flip.band_after, flip.priority_after) == ("cold", 10.0)
    assert flip.because[0].id == "customer"
    assert report.measures["recall_hot"].before == 1.0
    assert report.measures["recall_hot"].after == 0.0


def test_leads_without_a_propensity_are_judged_by_rules_alone():
    """An installation without a model can try its edits too."""
    report = tried([case(0, chance=None, region="UK", pricing_views_7d=1, demo_views_7d=1)])

    # Fit and intent share the weight of propensity: (0.25·100 + 0.5·80) / 0.75.
    assert report.bands["hot"].before.leads == 1
    assert (report.propensities.none, report.propensities.out_of_fold) == (1, 0)


def _random_case(number: int, chance: random.Random) -> Case:
    known = {name: value for name, value in HOT.items() if chance.random() < 0.6}
    if chance.random() < 0.2:
        known["deals_won_ever"] = 1
    if chance.random() < 0.5:
        known["owner"] = "rep-7"
    account = f"account-{chance.randrange(8)}" if chance.random() < 0.8 else None
    return case(
        number, won=chance.random() < 0.3, chance=chance.random(), account_id=account, **known
    )


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_same_catalog_changes_nothing(chance: random.Random, size: int):
    """Whatever the leads: no flip, no difference, and no interval around it."""
    report = tried([_random_case(number, chance) for number in range(size)])

    assert (report.flips, report.flips_total, report.routes) == ((), 0, ())
    assert all(move.before == move.after for move in report.moves)
    changes = [*report.measures.values()]
    changes += [part.change for part in (*report.bands.values(), *report.grades.values())]
    assert all(one.difference in {0.0, None} for one in changes)
    assert all(one.difference_interval in {(0.0, 0.0), None} for one in changes)
    assert all(part.before == part.after for part in report.bands.values())
    assert all(load.before == load.after for load in report.owners)
    assert report.gain["before"] == report.gain["after"]


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_every_lead_is_counted_once_on_each_side(chance: random.Random, size: int):
    """Bands, grades and moves are three ways to add up the same leads and the same wins."""
    report = tried(
        [_random_case(number, chance) for number in range(size)],
        edited("priority.yaml", "hot: {enter: 55, leave: 45}", "hot: {enter: 40, leave: 35}"),
    )

    for parts in (report.bands, report.grades):
        for side in ("before", "after"):
            counted = [getattr(part, side) for part in parts.values()]
            assert sum(one.leads for one in counted) == report.leads == size
            assert sum(one.won for one in counted) == report.won
    assert sum(move.leads for move in report.moves) == size
    for band in BANDS:
        came = sum(move.leads for move in report.moves if move.after == band)
        assert came == report.bands[band].after.leads
    assert sum(load.after for load in report.owners) == report.bands["hot"].after.leads


def test_few_wins_are_called_what_they_are():
    """Of three wins no figure says anything, however many digits it has."""
    few = tried([case(number, won=number < 3) for number in range(50)])
    many = tried([case(number, won=number < 30) for number in range(50)])

    assert any("only 3 leads were won" in one for one in few.warnings)
    assert not many.warnings


def test_a_seed_gives_the_same_intervals():
    """Two people who try the same draft see the same report."""
    chance = random.Random(3)
    cases = [_random_case(number, chance) for number in range(40)]
    draft = edited("intent.yaml", "points: 40", "points: 60")

    assert tried(cases, draft) == tried(cases, draft)
    assert tried(cases, draft).measures != tried(cases, draft, seed=8).measures


def test_the_report_reads_as_lines():
    """No figure is left out for people, and a band without leads breaks nothing."""
    report = tried([case(0, won=True, **NEARLY)], edited("intent.yaml", "points: 40", "points: 60"))

    told = "\n".join(lines(report))

    assert "c0 lead-0  warm 45 → hot 55, nobody → everyone_else  won: prices_seen +10" in told
    assert "band warm → hot: 1 leads, 1 won" in told
    assert "1 out of fold" in told


def test_a_query_judges_as_lead_by_lead_does():
    """Which of the two is taken depends on the number of leads alone."""
    chance = random.Random(11)
    table = past_of([_random_case(number, chance) for number in range(300)]).table
    shared = edited(
        "routing.yaml",
        "default: {id: everyone_else, owner: sales,",
        "default: {id: everyone_else, owner: {fact: region, else: {"
        "round_robin: [{name: rep-1}, {name: rep-2}], else: sales}},",
    )

    for files in (None, shared):
        rows, columns = (one(rulebook(files), table) for one in (judge_rows, judge_columns))
        assert all((one == other).all() for one, other in zip(rows, columns, strict=True))
        owners = {way and way.owner for way in rows.way}
        assert owners >= (
            {None, "rep-7", "sales"}
            if files is None
            else {None, "rep-7", "UK", pool_of("everyone_else")}
        )
