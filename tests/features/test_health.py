"""Freshness, missing values and drift of each feature."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
import redis
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from core import release
from core.errors import WorkError
from core.installation import Installation
from features.health import judge, look
from features.health_sample import Sample
from features.profile import (
    PROFILE_FILE,
    Profile,
    profile_of,
    read_profile,
    write_profile,
)
from features.spread import psi, spread_of
from features.vector import FeatureVector, vector
from features.windows import Value
from serving.commands.features import features
from tests.pipeline_bench import START, Bench

VALUES = st.lists(
    st.none() | st.integers(0, 40) | st.floats(-5, 500, allow_nan=False), min_size=1, max_size=300
)
WORDS = st.lists(st.none() | st.sampled_from("abcdefgh"), min_size=1, max_size=300)
_EMPTY = vector("", None, None, None, 0).values


@given(VALUES | WORDS)
def test_nothing_moves_against_itself(values: list[Value]) -> None:
    """The index of a sample against its own spread is 0, whatever the feature looks like."""
    assert psi(spread_of(values), values) == pytest.approx(0, abs=1e-9)


@given(VALUES | WORDS, VALUES | WORDS)
def test_the_index_is_never_negative_and_always_finite(
    before: list[Value], now: list[Value]
) -> None:
    """Each bin adds (q − p) · ln(q / p) ≥ 0; empty bins must not make it infinite."""
    assert 0 <= psi(spread_of(before), now) < 100


@given(VALUES)
def test_order_does_not_matter(values: list[Value]) -> None:
    """A spread is of a set of values, not of a series."""
    assert psi(spread_of(values), values[::-1]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (lambda dice: dice.gauss(10, 2), lambda dice: dice.gauss(13, 2)),
        (lambda dice: dice.choice([0, 0, 0, 1, 2]), lambda dice: dice.choice([0, 1, 2, 3])),
        (lambda dice: dice.choice("ab"), lambda dice: dice.choice("aabc")),
        (lambda dice: dice.random(), lambda dice: dice.choice([None, dice.random()])),
        (lambda dice: 5, lambda dice: 0),
    ],
    ids=["numbers", "counts", "words", "missing", "constant"],
)
def test_a_shift_is_much(before, now) -> None:
    """More than 0.25 is what people act on."""
    dice = random.Random(1)
    assert psi(spread_of([before(dice) for _ in range(2_000)]),
               [now(dice) for _ in range(500)]) > 0.25  # fmt: skip


def test_a_second_sample_of_the_same_world_has_hardly_moved() -> None:
    """Chance alone must not raise an alarm."""
    dice = random.Random(2)
    spread = spread_of([dice.expovariate(0.1) for _ in range(5_000)])
    assert psi(spread, [dice.expovariate(0.1) for _ in range(2_000)]) < 0.02


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    """Written by training, read by others: the same index afterwards."""
    vectors = [told(page_views_7d=number % 7, seniority="vp") for number in range(40)]
    profile = profile_of(vectors)
    write_profile(tmp_path, profile)
    read = read_profile(tmp_path)
    assert read is not None
    assert read.examples == 40
    assert psi(read.spreads["page_views_7d"], [one % 7 for one in range(40)]) == pytest.approx(0)
    assert psi(read.spreads["seniority"], ["vp"]) == 0


def test_a_missing_profile_is_none_and_a_broken_one_is_told(tmp_path: Path) -> None:
    """Models from before there were profiles serve on."""
    assert read_profile(tmp_path) is None
    (tmp_path / PROFILE_FILE).write_text("{")
    with pytest.raises(WorkError, match="cannot be read"):
        read_profile(tmp_path)


def told(**values: Value) -> FeatureVector:
    return FeatureVector("lead", None, START, {**_EMPTY, **values})


def test_each_feature_is_judged_by_its_own_values() -> None:
    """Half of the words are missing; the counts moved, nothing else did."""
    taught = profile_of([told(page_views_7d=0, seniority="vp") for _ in range(50)])
    now = [told(page_views_7d=3, seniority=("vp", None)[at % 2]) for at in range(50)]
    found = {one.name: one for one in judge(Sample("served", now), {"seniority": 7}, taught, 7)}
    assert found["page_views_7d"].drift == "much"
    assert found["seniority"].null_rate == 0.5
    assert (found["seniority"].newest, found["seniority"].age_s) == (7, 0)
    assert (found["page_views_30d"].drift, found["page_views_30d"].newest) == ("none", None)


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    bench = Bench(installation, redis_client)
    pages = [
        {"type": "page", "messageId": f"m{n}", "userId": f"u{n}", "properties": {"path": "/"}}
        for n in range(5)
    ]
    bench.feed(*pages)
    return bench


def test_freshness_is_of_the_newest_row_that_fills_the_feature(bench: Bench) -> None:
    """A feature that no row fills has none."""
    report = look(bench.engine, bench.installation, START + 90)
    found = {one.name: one for one in report.features}
    assert found["page_views_7d"].newest == bench.clock.now()
    assert found["form_submits_7d"].newest is None
    assert (report.source, report.vectors, report.model) == ("current", 5, None)
    assert found["page_views_7d"].drift == "unknown"


def test_without_leads_it_says_so(installation: Installation, redis_client: redis.Redis) -> None:
    """A new installation: a sentence, not a division by zero."""
    with pytest.raises(WorkError, match="no lead"):
        look(Bench(installation, redis_client).engine, installation, START)


def test_the_command_tells_and_draws(bench: Bench, tmp_path: Path) -> None:
    """A table, the same as JSON, and a picture."""
    folder = bench.installation.releases / "lead_propensity-1"
    folder.mkdir(parents=True)
    write_profile(folder, Profile(9, profile_of([told(page_views_7d=9)]).spreads))
    release.make(bench.engine, START, "test", model_name="lead_propensity", model_version="1")
    data = ["--data", str(bench.installation.root)]

    told_json = CliRunner().invoke(features, ["health", "--json", *data])
    table = CliRunner().invoke(features, ["health", "--plot", str(tmp_path / "h.png"), *data])

    report = msgspec.json.decode(told_json.output)
    moved = {one["name"]: one["drift"] for one in report["features"]}
    assert (moved["page_views_7d"], report["taught_on"]) == ("much", 9)
    assert table.output.startswith("5 current vectors against the 9 that lead_propensity-1")
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_that_cannot_be_written_is_told(bench: Bench, tmp_path: Path) -> None:
    """A wrong path is a line, not a traceback."""
    words = ["health", "--plot", str(tmp_path / "no" / "h.png")]
    result = CliRunner().invoke(features, [*words, "--data", str(bench.installation.root)])
    assert isinstance(result.exception, WorkError)


def test_other_ages_are_named_as_a_cause_of_drift(bench: Bench) -> None:
    """Counts grow with age: a reader must not take that for another population."""
    folder = bench.installation.releases / "lead_propensity-1"
    folder.mkdir(parents=True)
    release.make(bench.engine, START, "test", model_name="lead_propensity", model_version="1")
    data = ["health", "--data", str(bench.installation.root)]
    write_profile(folder, profile_of([told(lead_age_days=3_000.0)] * 200))
    older = CliRunner().invoke(features, data).output
    now = look(bench.engine, bench.installation, START)
    assert "of other ages" in older
    assert [one.drift for one in now.features if one.name == "lead_age_days"] == ["much"]
    write_profile(folder, profile_of([told(lead_age_days=None)] * 200))
    assert "of other ages" not in CliRunner().invoke(features, data).output
