"""Rules and model together, and the score answer of the contract."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_fakes import NOW, RULEBOOK, SCORER, report_of, standing_of

from core.clock import to_iso
from core.release import Release
from features.definitions import FEATURES
from features.vector import vector
from rules import Hit, load_catalog, read_catalog
from scoring import Score
from scoring.score import STRONGEST
from signals.standing import answer, stand

CONTRACT = {
    "lead_id", "account_id", "as_of", "propensity", "fit", "intent", "negative", "priority",
    "band", "reasons", "model", "rules", "degraded",
}  # fmt: skip


def score_of(contributions=None, base=-2.0) -> Score:
    margin = base + sum((contributions or {}).values())
    told = sorted((contributions or {}).items(), key=lambda one: -one[1])
    raising = [one for one in told if one[1] > 0][:STRONGEST]
    lowering = [one for one in reversed(told) if one[1] < 0][:STRONGEST]
    strongest = (*raising, *lowering)
    return Score(SCORER.propensity_at(margin), margin, base, contributions, strongest)


@pytest.mark.parametrize("explain", ["none", "short", "full"])
def test_an_answer_has_every_field_of_the_contract(explain):
    """Callers read the fields without asking whether they are there."""
    found = answer(standing_of(50, score=score_of({"page_views_7d": 0.5})), explain)
    assert set(found) >= CONTRACT
    assert (found["reasons"] == []) == (explain == "none")
    assert found["as_of"] == to_iso(NOW)
    assert found["model"] == {
        "name": "lead_propensity", "version": "7", "alias": "champion", "arm": None,
        "weight": 1.0, "evidence": None,
    }  # fmt: skip
    assert found["rules"] == {"version": "12"}


def test_without_a_model_the_answer_says_so():
    """Useful on day one, and honest about it."""
    found = answer(standing_of(50), "full")
    assert (found["propensity"], found["model"], found["degraded"]) == (None, None, ["model"])


def test_what_is_missing_is_named_once():
    """Whoever is told of a failing rule wants its name, not a count."""
    report = report_of(10)
    failing = type(report)(**{name: getattr(report, name) for name in report.__struct_fields__}
                           | {"failed": ("odd_rule",)})  # fmt: skip
    features = vector("lead-1", None, None, None, NOW)
    standing = stand(
        RULEBOOK, Release(), None, features, failing, None, ("model", "online_store"), None
    )
    assert standing.degraded == ("model", "online_store", "rule:odd_rule")


@given(
    st.dictionaries(
        st.sampled_from([feature.name for feature in FEATURES]), st.floats(-3, 3), max_size=30
    )
)
def test_full_contributions_sum_to_the_margin(contributions):
    """Reasons that add up: base + contributions = margin, in log-odds."""
    found = answer(standing_of(50, score=score_of(contributions)), "full")
    assert abs(found["base"] + sum(found["contributions"].values()) - found["margin"]) < 1e-6


@given(
    st.dictionaries(
        st.sampled_from([feature.name for feature in FEATURES]), st.floats(-3, 3), max_size=30
    ),
    st.lists(st.floats(-30, 30), max_size=10),
)
def test_reasons_are_five_at_most_and_none_stronger_is_left_out(contributions, points):
    """A seller reads few lines, so they must be the ones that matter, for or against."""
    score = score_of(contributions)
    hits = tuple(Hit(f"rule_{at}", "intent", "because", effect) for at, effect in enumerate(points))
    found = answer(standing_of(50, score=score, hits=hits), "short")["reasons"]
    now = RULEBOOK.propensity_points(score.propensity)
    features = [
        now - RULEBOOK.propensity_points(SCORER.propensity_at(score.margin - part))
        for part in contributions.values()
    ]
    strongest = sorted((abs(effect) for effect in (*points, *features)), reverse=True)
    wanted = [round(effect, 1) for effect in strongest if effect >= 0.05][:5]
    assert [abs(reason["effect"]) for reason in found] == pytest.approx(wanted)


def test_a_suppressed_lead_is_never_hot():
    """Whatever thresholds an edited catalog has: a customer is not to be called."""
    assert standing_of(99, suppressed=True).band != "hot"


def test_the_shipped_catalog_answers_without_a_model():
    """The fakes of these tests must not hide that the real rulebook fits."""
    rulebook = load_catalog(read_catalog())
    features = vector("lead-1", None, None, None, NOW)
    report = rulebook.evaluate([features.values])[0]
    standing = stand(rulebook, Release(), None, features, report, None, (), None)
    found = answer(standing, "full")
    assert found["band"] == "cold"
    assert 0 <= found["priority"] <= 100
