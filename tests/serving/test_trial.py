"""An experiment in force: each lead is scored by its arm, and nothing of it can break an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

import rules
from core import release
from core.database import open_record, reading, writing
from core.errors import WorkError
from core.installation import Installation
from features.vector import FeatureVector, vector
from scoring import experiment
from scoring.arms import CHALLENGER, CHAMPION, Arms
from serving.release.inforce import InForce
from serving.score.assess import assess
from signals import exposure
from signals.exposure import EXPOSURE, exposure_of
from signals.standing import Standing, answer
from tests.half_each import half_each

Publish = Callable[[Installation, str], Path]

SPEC = half_each()


@pytest.fixture
def engine(installation: Installation, write_model: Publish) -> sa.Engine:
    for version in ("1", "2"):
        write_model(installation, version)
    record = open_record(installation.record_db)
    release.make(record, 1, "test", model_name="lead_propensity", model_version="1")
    return record


@pytest.fixture
def in_force(installation: Installation, engine: sa.Engine) -> InForce:
    return InForce(installation, engine, 0.0)


def leads(count: int) -> list[FeatureVector]:
    """Two of an account, no two alike in what they did."""
    empty = vector("", None, None, None, 10).values
    return [
        FeatureVector(
            f"lead-{at}",
            f"account-{at // 2}",
            10,
            {**empty, "pricing_views_7d": at % 7, "pricing_views_30d": at % 9},
        )
        for at in range(count)
    ]


def stand(in_force: InForce, count: int = 60) -> list[Standing]:
    asked = leads(count)
    return assess(in_force.now(), asked, [{}] * count, [None] * count)


def test_each_lead_is_scored_by_its_own_arm_and_says_so(
    installation: Installation, engine: sa.Engine, in_force: InForce
) -> None:
    """In order, sticky by account, and told in the answer: so every score can be made again."""
    begun = experiment.begin(engine, SPEC, 5)
    arms = Arms(installation.secret(), begun.id, 0.5)
    standings = stand(in_force)
    assert [one.vector for one in standings] == leads(60)
    seen = set()
    for one in standings:
        wanted = arms.place(one.vector.lead_id, one.vector.account_id)
        told = answer(one, "none")
        version = {CHAMPION: "1", CHALLENGER: "2"}[wanted.arm]
        assert one.place == wanted
        assert told["model"] == {
            "name": "lead_propensity",
            "version": version,
            "alias": wanted.arm,
            "arm": wanted.arm,
            "weight": 1.0,
            "evidence": None,
        }
        assert told["experiment"] == {"id": begun.id, "arm": wanted.arm}
        assert one.release.model_version == version
        seen.add(wanted.arm)
    assert seen == {CHAMPION, CHALLENGER}


def test_an_arm_changes_nothing_but_what_is_compared(engine: sa.Engine, in_force: InForce) -> None:
    """Versions 1 and 2 have the same trees, so each lead's figures stay its own, in either arm."""
    before = stand(in_force)
    experiment.begin(engine, SPEC, 5)
    for one, was in zip(stand(in_force), before, strict=True):
        assert one.report == was.report
        assert one.score == was.score
        assert one.priority == was.priority
    assert len({one.priority for one in before}) > 5


def test_without_an_experiment_no_answer_speaks_of_one(in_force: InForce) -> None:
    """What readers of the contract see is what they saw before."""
    told = answer(stand(in_force, 1)[0], "none")
    assert "experiment" not in told
    assert told["model"]["arm"] is None


def test_rules_can_be_arms(engine: sa.Engine, in_force: InForce) -> None:
    """The model stays the champion's; the answer names the version of the rules that it came of."""
    files = rules.read_catalog()
    changed = {name: text.replace("hot: ", "hot:  ") for name, text in files.items()}
    with writing(engine) as record:
        row = {"version": 4, "digest": "d", "files": changed, "author": "a", "note": ""}
        record.execute(sa.insert(release.RULE_VERSION), [{**row, "published_at": 1}])
    experiment.begin(engine, msgspec.structs.replace(SPEC, challenger=None, challenger_rules=4), 5)
    standings = stand(in_force)
    told = {
        (one.place.arm, answer(one, "none")["rules"]["version"]) for one in standings if one.place
    }
    assert told == {(CHAMPION, "0"), (CHALLENGER, "4")}
    assert {answer(one, "none")["model"]["alias"] for one in standings} == {CHAMPION}
    assert len({id(one.rulebook) for one in standings}) == 2


def test_a_shadow_is_computed_for_everybody_and_acted_on_for_nobody(
    engine: sa.Engine, in_force: InForce
) -> None:
    """The champion's answer stands; the challenger's lies beside it."""
    before = [answer(one, "none") for one in stand(in_force)]
    begun = experiment.begin(engine, msgspec.structs.replace(SPEC, shadow=True), 5)
    standings = stand(in_force)
    for one, told in zip(standings, before, strict=True):
        assert one.shadow is not None
        assert one.shadow.scorer is not None
        assert (one.shadow.scorer.version, one.shadow.scorer.alias) == ("2", CHALLENGER)
        assert answer(one, "none") == {
            **told,
            "model": {**told["model"], "arm": CHAMPION},
            "experiment": {"id": begun.id, "arm": CHAMPION},
        }


def test_a_challenger_that_cannot_load_leaves_everybody_to_the_champion_until_it_can(
    installation: Installation, engine: sa.Engine, in_force: InForce, write_model: Publish
) -> None:
    """Never an error: a broken experiment is nobody's outage. It is named, and tried again."""
    experiment.begin(engine, msgspec.structs.replace(SPEC, challenger="3"), 5)
    standings = stand(in_force)
    assert {one.degraded for one in standings} == {("experiment",)}
    assert {one.place for one in standings} == {None}
    assert {one.scorer.version for one in standings if one.scorer} == {"1"}
    write_model(installation, "3")
    told = {one.scorer.version for one in stand(in_force) if one.scorer}
    assert told == {"1", "3"}
    assert in_force.now().degraded == ()


def test_an_experiment_that_nobody_wrote_down_degrades_as_well(
    engine: sa.Engine, in_force: InForce
) -> None:
    """A release row made by hand, or by a program that knows more."""
    release.make(engine, 5, "by hand", experiment="77")
    assert in_force.now().degraded == ("experiment",)
    assert in_force.now().trial is None


def test_one_experiment_runs_at_a_time_and_ends_as_it_was_told(
    engine: sa.Engine, in_force: InForce
) -> None:
    """A promotion puts the challenger in force for everybody in the same release that ends it."""
    first = experiment.begin(engine, SPEC, 5)
    with pytest.raises(WorkError, match="runs already"):
        experiment.begin(engine, SPEC, 6)
    experiment.end(engine, 7, promote=False)
    assert release.current(engine).model_version == "1"
    second = experiment.begin(engine, SPEC, 8)
    experiment.end(engine, 9, promote=True)
    after = release.current(engine)
    assert (after.experiment, after.model_version) == (None, "2")
    assert {answer(one, "none")["model"]["alias"] for one in stand(in_force)} == {CHAMPION}
    with pytest.raises(WorkError, match="no experiment runs"):
        experiment.end(engine, 10, promote=False)
    with reading(engine) as record:
        told = experiment.everyone(record)
    assert [(one.id, one.ended_at, one.promoted) for one in told] == [
        (second.id, 9, True),
        (first.id, 7, False),
    ]


def test_the_first_exposure_stands_and_scores_add_up(engine: sa.Engine, in_force: InForce) -> None:
    """Whatever is scored later, in whatever batch: arm and moment were given by the first."""
    experiment.begin(engine, SPEC, 5)
    first, second = stand(in_force, 2)
    later = msgspec.structs.replace(
        first, vector=FeatureVector("lead-0", "account-0", 99, first.vector.values), priority=1.0
    )
    for told in ([first, second, later], [later], [second]):
        exposures = [one for one in map(exposure_of, told) if one]
        with writing(engine) as record:
            exposure.save(record, exposures)
    with reading(engine) as record:
        rows = record.execute(sa.select(EXPOSURE).order_by(EXPOSURE.c.lead_id)).all()
    assert [(row.lead_id, row.first_at, row.scores) for row in rows] == [
        ("lead-0", 10, 3),
        ("lead-1", 10, 2),
    ]
    assert rows[0].priority == first.priority
    assert {row.unit for row in rows} == {"account/account-0"}
