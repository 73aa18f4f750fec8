"""Where few ends taught a model, the rules have their part of the propensity, and it is told."""

from __future__ import annotations

import math

import msgspec
import pytest

from core.release import Release
from scoring import ModelRefused, Scorer
from scoring.blend import Blend, RulesLine
from signals.standing import answer, stand
from tests.signals.signal_fakes import RULEBOOK, report_of

LINE = RulesLine(0.05, -3.0, 0.0, 80.0)
BLEND = Blend(won=30, lost=200, weight=0.4, half=24.0, rules=LINE, rules_version=2)


@pytest.fixture
def blended(write_release) -> Scorer:
    return Scorer.load(write_release(blend=BLEND))


def _stand(scorer, vector, report, contributions=True):
    [score] = scorer.score([vector], contributions=contributions)
    return stand(RULEBOOK, Release(), scorer, vector, report, score, (), None)


def test_the_propensity_can_be_made_again_from_what_is_told(blended, ask):
    """Whoever audits an answer needs nothing but the answer."""
    told = answer(_stand(blended, ask(pricing_views_30d=7, seniority="vp"), report_of(40)), "full")

    assert (told["model"]["weight"], told["model"]["evidence"]) == (0.4, {"won": 30, "lost": 200})
    assert sum(told["contributions"].values()) + told["base"] == pytest.approx(
        told["margin"], abs=1e-6
    )
    assert told["rules_margin"] == pytest.approx(0.05 * 40 - 3)
    x = 0.4 * told["calibrated_margin"] + 0.6 * told["rules_margin"]
    assert told["propensity"] == pytest.approx(1 / (1 + math.exp(-x)))


def test_a_hotter_lead_by_the_rules_has_a_higher_propensity(blended, ask):
    """Level beyond what the line was taught with; never the other way round."""
    told = [
        _stand(blended, ask(pricing_views_30d=3), report_of(one), contributions=False)
        for one in (0, 30, 80, 100)
    ]

    chances = [one.score.propensity for one in told]
    assert chances[0] < chances[1] < chances[2] == chances[3]


def test_rules_are_heard_once_however_often_a_lead_is_looked_at(blended, ask):
    """A draft in the shadow of the rules in force starts from the same score."""
    first = _stand(blended, ask(pricing_views_30d=3), report_of(50))
    again = stand(RULEBOOK, Release(), blended, first.vector, report_of(50), first.score, (), None)

    assert again.score == first.score


def test_reasons_are_worth_what_they_move_beside_the_rules(blended, write_release, ask):
    """A feature of a model that says two fifths moves the priority less."""
    vector = ask(pricing_views_30d=8, seniority="vp")
    alone = Scorer.load(write_release())

    effects = [
        max(
            one["effect"]
            for one in answer(_stand(scorer, vector, report_of(60)), "short")["reasons"]
            if one["kind"] == "feature"
        )
        for scorer in (blended, alone)
    ]

    assert 0 < effects[0] < effects[1]


def test_a_model_of_plenty_says_all_by_itself(write_release, ask):
    """To the last digit, and at no cost."""
    plenty = Scorer.load(write_release(blend=Blend(won=900, lost=8_000)))
    told = answer(_stand(plenty, ask(pricing_views_30d=7), report_of(90)), "full")
    before = Scorer.load(write_release()).score([ask(pricing_views_30d=7)])[0]

    assert told["propensity"] == before.propensity
    assert (told["model"]["weight"], told["rules_margin"]) == (1.0, None)
    assert told["model"]["evidence"] == {"won": 900, "lost": 8_000}


@pytest.mark.parametrize(
    "changes", [{"weight": 1.2}, {"rules": None}, {"rules": RulesLine(-0.1, 0.0, 0.0, 9.0)}]
)
def test_a_blend_that_would_turn_an_order_around_is_refused(write_release, changes):
    """The card is read before it serves, this part of it too."""
    with pytest.raises(ModelRefused, match="blend"):
        Scorer.load(write_release(blend=msgspec.structs.replace(BLEND, **changes)))
