"""The scorer answers what was trained, explains it to the last digit, and refuses anything else."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import ModelRefused, Scorer
from scoring.card import CARD_FILE, TREES_FILE, Calibration, Input, KnownAnswer


def test_contributions_and_base_sum_to_the_margin(write_release, ask):
    """Reasons that do not add up are no explanation."""
    scorer = Scorer.load(write_release())

    score = scorer.score([ask(pricing_views_30d=7, seniority="vp")], contributions=True)[0]

    assert score.contributions is not None
    assert score.contributions["pricing_views_30d"] > 0
    assert math.isclose(score.base + sum(score.contributions.values()), score.margin, abs_tol=1e-6)


def test_explained_and_plain_scores_agree(write_release, ask):
    """A reason must belong to the score that was acted on."""
    scorer = Scorer.load(write_release())
    leads = [ask(pricing_views_30d=count, days_since_touches=2.5) for count in range(9)]

    plain, explained = scorer.score(leads), scorer.score(leads, contributions=True)

    for one, other in zip(plain, explained, strict=True):
        assert math.isclose(one.margin, other.margin, abs_tol=1e-6)
        assert math.isclose(one.base, other.base)
        assert one.contributions is None


def test_propensity_is_the_calibrated_margin(write_release, ask):
    """The margin alone is no probability."""
    scorer = Scorer.load(write_release())

    score = scorer.score([ask(pricing_views_30d=5)])[0]

    assert score.propensity == scorer.propensity_at(score.margin)
    assert math.isclose(score.propensity, 1 / (1 + math.exp(-(0.8 * score.margin - 0.1))))


def test_a_word_never_seen_counts_as_missing(write_release, ask):
    """A new category must not be taken for another one, nor stop a score."""
    scorer = Scorer.load(write_release())

    new, missing, known = scorer.score(
        [ask(seniority="chief_of_everything"), ask(seniority=None), ask(seniority="vp")]
    )

    assert new == missing
    assert known.margin > missing.margin


def test_no_vectors_no_scores(write_release):
    """The worker may ask for an empty batch."""
    assert Scorer.load(write_release()).score([]) == []


def test_scorer_names_what_it_is(write_release):
    """Every answer names the model it came from."""
    scorer = Scorer.load(write_release())

    assert (scorer.name, scorer.version, scorer.alias) == ("lead_propensity", "3", "champion")
    assert scorer.feature_names == ("pricing_views_30d", "days_since_touches", "seniority")


@given(at=st.integers(min_value=0), flip=st.integers(1, 255))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_byte_of_the_trees_is_refused(write_release, at, flip):
    """LightGBM's parser crashes the process, or answers otherwise, on damaged text."""
    folder = write_release()
    told = bytearray((folder / TREES_FILE).read_bytes())
    told[at % len(told)] ^= flip
    (folder / TREES_FILE).write_bytes(told)

    with pytest.raises(ModelRefused, match="SHA-256"):
        Scorer.load(folder)


def test_a_changed_card_is_refused(write_release):
    """The calibration is as much of the model as its trees."""
    folder = write_release()
    card = (folder / CARD_FILE).read_text()
    (folder / CARD_FILE).write_text(card.replace('"slope": 0.8', '"slope": 0.9'))

    with pytest.raises(ModelRefused, match="digest differs"):
        Scorer.load(folder)


@pytest.mark.parametrize("missing", [CARD_FILE, TREES_FILE])
def test_a_missing_file_is_refused(write_release, missing):
    """A folder half copied is no model."""
    folder = write_release()
    (folder / missing).unlink()

    with pytest.raises(ModelRefused, match=missing):
        Scorer.load(folder)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"inputs": (Input("shoe_size"),)}, "not defined: shoe_size"),
        ({"inputs": (Input("seniority"),)}, "words for numbers"),
        ({"features_digest": "0" * 16}, "defined otherwise"),
        ({"calibration": Calibration(-1.0, 0.0)}, "calibration falls"),
        ({"format": 2}, "format 2"),
        ({"known_answers": (KnownAnswer((4.0, None, 2.0), 9.0),)}, "answers otherwise"),
    ],
)
def test_a_model_for_other_features_is_refused(write_release, changes, why):
    """A feature redefined under the same name would be read without a word of warning."""
    with pytest.raises(ModelRefused, match=why):
        Scorer.load(write_release(**changes))
