"""The report of an experiment, read from a record in which everything was planted."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from core import release
from scoring.arms import CHALLENGER, CHAMPION
from scoring.experiment import Metric
from training.experiment.report import Report, report
from training.experiment.stop import Verdict
from training.experiment.units import read


def plant(planted: Any, units: int, *, rates: tuple[float, float], days: float = 20) -> None:
    """Units one by one in either arm, each won with its arm's chance five days later."""
    chance = random.Random(1)
    for number in range(units):
        arm = number % 2
        day = days * number / units
        lead = f"lead-{number}"
        planted.expose(lead, (CHAMPION, CHALLENGER)[arm], day)
        if chance.random() < rates[arm]:
            planted.win(lead, day + 5)
    planted.write()


def told(planted: Any, now: int) -> Report:
    return report(planted.engine, planted.experiment, now).report


def test_a_planted_lift_wins_and_the_same_rates_do_not(planted: Any, at: Any) -> None:
    """The whole way: exposures and outcomes in the record, a verdict at the end."""
    planted.run(planned=3_000)
    plant(planted, 3_000, rates=(0.2, 0.3))
    found = told(planted, at(31))
    assert found.verdict is Verdict.CHALLENGER_WINS
    assert found.over
    assert found.decided_at is not None
    assert found.decided_at < at(30)
    assert [arm.arm for arm in found.arms] == [CHAMPION, CHALLENGER]
    assert [arm.counted for arm in found.arms] == [1_500, 1_500]
    champion, challenger = found.arms
    assert champion.win_rate.estimate == pytest.approx(champion.won / 1_500)
    gap = found.differences[Metric.WIN_RATE]
    assert gap.estimate == pytest.approx((challenger.won - champion.won) / 1_500)
    assert gap.low is not None
    assert gap.high is not None
    assert 0 < gap.low < 0.1 < gap.high


def test_equal_arms_go_on_until_a_lift_is_no_longer_to_be_expected(planted: Any, at: Any) -> None:
    """With what was planned counted, and nothing found, an answer is still due: futile."""
    planted.run(planned=8_000)
    plant(planted, 8_000, rates=(0.25, 0.25))
    early, late = told(planted, at(13)), told(planted, at(31))
    assert early.verdict is Verdict.KEEP_RUNNING
    assert early.words.startswith("keep running: no decision yet")
    assert late.verdict is Verdict.FUTILE
    assert early.counted < late.counted == 8_000


def test_a_unit_counts_when_its_window_has_run_and_not_before(planted: Any, at: Any) -> None:
    """Counting wins as they come would favour whatever wins fast, and the first days."""
    planted.run()
    planted.expose("a", CHAMPION, 1)
    planted.win("a", 2)
    planted.write()
    assert told(planted, at(10.9)).counted == 0
    assert told(planted, at(11.1)).counted == 1
    assert told(planted, at(11.1)).arms[0].won == 1


def test_only_deals_won_after_the_first_score_and_inside_the_window_count(
    planted: Any, at: Any
) -> None:
    """What was won before was not won by the arm."""
    planted.run()
    for lead in ("before", "after", "late", "lost", "twice"):
        planted.expose(lead, CHALLENGER, 1)
    planted.win("before", 0.5)
    planted.win("after", 10.9, value=70)
    planted.win("late", 11.1)
    planted.win("lost", 2, won=False)
    planted.win("twice", 3, value=20)
    planted.win("twice", 6, value=30)
    planted.win("never scored", 3)
    planted.write()
    units, _ = read(planted.engine, planted.experiment)
    assert units.values(Metric.WIN_RATE, 10, None).sum() == 2
    assert sorted(units.values(Metric.REVENUE, 10, None)) == [0, 0, 0, 50, 70]
    assert sorted(units.values(Metric.REVENUE, 10, 60.0)) == [0, 0, 0, 50, 60]
    assert sorted(units.values(Metric.SPEED, 10, None)) == pytest.approx([0, 0, 0, 0.01, 0.8])


def test_people_of_an_account_are_one_unit(planted: Any, at: Any) -> None:
    """They were drawn together: counted one by one they would seem to know more than they do."""
    planted.run()
    for number in range(3):
        planted.expose(f"lead-{number}", CHALLENGER, number, account="acme", scores=2, signals=1)
    planted.win("lead-2", 9)
    planted.write()
    arm = told(planted, at(20)).arms[1]
    assert (arm.units, arm.leads, arm.scores, arm.signals) == (1, 3, 6, 3)
    assert (arm.counted, arm.won, arm.days_to_win) == (1, 1, 9)


def test_a_lead_counts_where_it_was_scored_first(planted: Any, at: Any) -> None:
    """Its account became known later, or another lead turned out to be the same person."""
    planted.run()
    planted.expose("a", CHAMPION, 1)
    planted.expose("a", CHALLENGER, 2, account="acme")
    planted.expose("b", CHALLENGER, 1.5, account="acme")
    planted.expose("old", CHAMPION, 1)
    planted.expose("new", CHALLENGER, 3)
    planted.merge("older", "old")
    planted.merge("old", "new")
    planted.win("new", 4)
    planted.win("older", 5)
    planted.win("a", 6)
    planted.write()
    found = told(planted, at(20))
    champion, challenger = found.arms
    assert found.crossed == 2
    assert (champion.units, champion.leads, champion.won) == (2, 2, 2)
    assert (challenger.units, challenger.leads, challenger.won) == (1, 1, 0)


def test_arms_that_did_not_get_their_shares_make_the_experiment_invalid(
    planted: Any, at: Any
) -> None:
    """Whoever was lost on the way was not lost by chance, however good the figures look."""
    planted.run()
    for number in range(1_000):
        planted.expose(f"lead-{number}", CHALLENGER if number % 5 < 3 else CHAMPION, 1)
    planted.write()
    found = told(planted, at(20))
    assert found.verdict is Verdict.INVALID
    assert found.ratio is not None
    assert (found.ratio.champion, found.ratio.challenger) == (400, 600)
    assert found.ratio.off
    assert found.ratio.p_value < 0.001


@pytest.mark.parametrize("harm", ["suppressed", "unsubscribed", "latency p99, seconds"])
def test_a_challenger_that_does_harm_is_stopped_before_any_window_has_run(
    planted: Any, at: Any, harm: str
) -> None:
    """People who unsubscribe do not wait thirty days."""
    planted.run()
    for number in range(1_200):
        arm, worse = (CHAMPION, CHALLENGER)[number % 2], number % 2 and number % 3 == 1
        more: dict[str, Any] = {"timed": 2, "seconds": 0.06 if number % 2 else 0.02}
        harmed = bool(worse) or number % 10 == 0
        if harm != "latency p99, seconds":
            more = {"timed": 2, "seconds": 0.02}
        if harm == "unsubscribed":
            more["unsubscribed"] = int(harmed)
        if harm == "suppressed" and harmed:
            planted.suppress(f"lead-{number}", "unsubscribed", number / 300 + 0.5)
        planted.expose(f"lead-{number}", arm, number / 300, **more)
    planted.write()
    found = told(planted, at(5))
    assert found.verdict is Verdict.GUARDRAIL
    assert [one.name for one in found.guardrails if one.broken] == [harm]
    assert harm in found.words


def test_a_suppression_is_harm_where_it_is_declared_new_and_before_a_win(
    planted: Any, at: Any
) -> None:
    """A challenger that wins more has more customers, whom the rules suppress for that."""
    planted.run(harmful=("unsubscribed", "complained"))
    held = {
        "customer": [("customer", 3)],
        "from the first": [("unsubscribed", 1), ("complained", 1)],
        "won": [("unsubscribed", 4)],
        "won late": [("unsubscribed", 15)],
        "harmed, then won": [("complained", 2)],
        "harmed": [("customer", 1), ("unsubscribed", 2)],
    }
    for lead, rules in held.items():
        planted.expose(lead, CHALLENGER, 1, suppressed=1)
        for rule, day in rules:
            planted.suppress(lead, rule, day)
    planted.win("won", 3)
    planted.win("won late", 14)
    planted.win("harmed, then won", 3)
    planted.write()
    assert told(planted, at(20)).arms[1].suppressed == pytest.approx(2 / 6)


def test_a_unit_is_spared_once_any_of_its_people_was_won(planted: Any, at: Any) -> None:
    """A colleague of whoever signed is a customer as well."""
    planted.run()
    for lead in ("signs", "colleague"):
        planted.expose(lead, CHALLENGER, 1, account="acme")
    planted.suppress("colleague", "unsubscribed", 3, account="acme")
    planted.win("signs", 2)
    planted.write()
    assert told(planted, at(20)).arms[1].suppressed == 0


def test_who_unsubscribed_before_the_first_score_is_no_harm_of_the_arm(
    planted: Any, at: Any
) -> None:
    """The feature counts all of a lead's life."""
    planted.run()
    planted.expose("a", CHALLENGER, 1, unsubscribed=2, unsubscribed_before=2)
    planted.expose("b", CHALLENGER, 1, unsubscribed=3, unsubscribed_before=2)
    planted.write()
    assert told(planted, at(2)).arms[1].unsubscribed == 0.5


def test_a_shadow_is_judged_by_whose_chances_were_truer(planted: Any, at: Any) -> None:
    """On the same leads, so the smaller error is seen sooner than by two halves of them."""
    planted.run(shadow=True)
    chance = random.Random(2)
    for number in range(600):
        lead, won = f"lead-{number}", chance.random() < 0.3
        planted.expose(
            lead,
            CHAMPION,
            number / 100,
            propensity=0.3,
            shadow_propensity=0.6 if won else 0.2,
            shadow_priority=60.0 if won else 20.0,
            shadow_band="hot" if won else "cold",
        )
        if won:
            planted.win(lead, number / 100 + 1)
    planted.write()
    found = told(planted, at(20))
    shadow = found.shadow
    assert shadow is not None
    assert found.ratio is None
    assert found.verdict is Verdict.CHALLENGER_WINS
    assert shadow.auc_champion == 0.5
    assert shadow.auc_challenger == 1.0
    assert shadow.brier_challenger is not None
    assert shadow.brier_champion is not None
    assert shadow.gain.estimate == pytest.approx(shadow.brier_champion - shadow.brier_challenger)
    assert (shadow.hot_champion, shadow.hot_challenger) == (0, shadow.won)
    assert shadow.same_band == 0


def test_a_shadow_without_chances_to_compare_goes_on_quietly(planted: Any, at: Any) -> None:
    """Rules alone give a priority, which is no probability: areas are told, no verdict."""
    planted.run(shadow=True, challenger=None, challenger_rules=4)
    for number in range(100):
        planted.expose(
            f"lead-{number}", CHAMPION, 1, propensity=None, shadow_priority=1.0, shadow_band="cold"
        )
    planted.write()
    found = told(planted, at(20))
    assert found.verdict is Verdict.KEEP_RUNNING
    assert found.shadow is not None
    assert found.shadow.brier_champion is None
    assert found.shadow.gain.low is None


def test_nothing_yet_is_told_as_nothing(planted: Any, at: Any) -> None:
    """The first look comes minutes after the start."""
    planted.run()
    found = told(planted, at(0.01))
    assert found.verdict is Verdict.KEEP_RUNNING
    assert "no unit's window has run yet" in found.words
    assert msgspec.json.decode(msgspec.json.encode(found))["counted"] == 0


def test_what_was_put_in_force_meanwhile_is_told(planted: Any, at: Any, engine: sa.Engine) -> None:
    """Figures from before and after a promotion belong to two different champions."""
    planted.run()
    assert told(planted, at(1)).changes == []
    release.make(engine, at(2), "champion of lead_propensity is version 9", model_version="9")
    assert told(planted, at(3)).changes == ["release 3: champion of lead_propensity is version 9"]
