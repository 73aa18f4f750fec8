"""Which drift somebody should hear of: beyond its limit, beyond chance, and not each day anew."""

from __future__ import annotations

from training.alarms import alarms
from training.drift import Drift

LIMIT = 0.25
THEN = {"rows": 400, "won": 80, "auc": 0.75, "auc_low": 0.70, "auc_high": 0.80}


def drift(views=0.0, chance=0.05, score=None, score_chance=None, fresh=None):
    return Drift(
        champion="3",
        vectors=2_000,
        source="served",
        features={"page_views_7d": views, "seniority": 0.01},
        chance={"page_views_7d": chance},
        score=score,
        score_chance=score_chance,
        fresh=fresh or {},
        then=THEN,
    )


def fresh(won=80, expected=80.0, auc=0.75):
    """Of four hundred leads; 7.5 is the standard error of how many are foretold."""
    told = {"rows": 400, "won": won, "expected_won": expected, "expected_error": 7.5}
    return told | {"auc": auc, "auc_low": auc - 0.05, "auc_high": auc + 0.05}


def names(found, told=()):
    return [one.name for one in alarms(found, LIMIT, told)]


def test_a_feature_or_the_score_is_told_beyond_its_limit():
    """With the figure and the limit in it: a receiver can judge how bad it is."""
    assert names(drift(views=0.24)) == []
    (alarm,) = alarms(drift(views=0.26), LIMIT)
    assert (alarm.name, alarm.value, alarm.limit) == ("page_views_7d", 0.26, 0.25)
    assert alarm.text == "page_views_7d has moved, PSI 0.26"
    assert names(drift(score=0.3)) == ["score"]
    assert names(drift(score=None)) == []


def test_what_chance_explains_is_no_alarm():
    """Of a hundred leads a PSI beyond 0.25 is nothing unusual."""
    assert names(drift(views=0.4, chance=0.45)) == []
    assert names(drift(score=0.4, score_chance=0.45)) == []


def test_an_alarm_ends_lower_than_it_began():
    """A figure that wavers around its limit would call each day."""
    assert names(drift(views=0.21)) == []
    assert names(drift(views=0.21), {"page_views_7d"}) == ["page_views_7d"]
    assert names(drift(views=0.19), {"page_views_7d"}) == []
    assert names(drift(score=0.21), {"page_views_7d"}) == []


def test_fewer_wins_than_foretold_are_told_once_chance_cannot_explain_them():
    """The surest sign that a model misleads, and the first one in the list."""
    assert names(drift(fresh=fresh(won=55))) == []
    assert names(drift(fresh=fresh(won=45))) == ["calibration"]
    assert names(drift(fresh=fresh(won=115), views=0.3)) == ["calibration", "page_views_7d"]
    (alarm,) = alarms(drift(fresh=fresh(won=45)), LIMIT)
    assert alarm.text == "45 of 400 that ended since were won, 80 foretold"


def test_an_order_that_is_lost_is_told_beyond_both_intervals():
    """Each figure is of a sample: a tenth less may be chance, a fifth is not."""
    assert names(drift(fresh=fresh(auc=0.66))) == []
    assert names(drift(fresh=fresh(auc=0.60))) == ["order"]
    assert names(drift(fresh=fresh(auc=0.90))) == []


def test_without_ends_nothing_is_said_of_them():
    """Too few leads have ended since: the figures are not there."""
    assert names(drift(fresh={"rows": 3, "won": 1})) == []
