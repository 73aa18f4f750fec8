"""From wins and losses to a model in force, through a real MLflow registry."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import features.offline
from core import release
from core.clock import DAY, FixedClock
from core.database import open_record, upsert, writing
from core.errors import WorkError
from core.installation import Installation
from core.settings import Models
from events.labels import definition
from events.outcomes import OUTCOME
from events.stages import CRM_STAGE
from features.profile import read_profile
from features.services import columns
from scoring import ModelRefused, Scorer, registry
from scoring.card import read_card
from scoring.cases import files, read_cases
from scoring.watcher import Watcher
from tests.training.small_history import CREATED, NOW, vectors, write_history
from training.commands.compare import compare
from training.commands.models import list_models, promote, rollback
from training.commands.train import _tell
from training.order import Order
from training.train import train

LEADS = 160
SHARES = (0.2, 0.8)
"""Of the even leads and of the odd ones that win: enough of both for every figure."""


@pytest.fixture
def engine(tmp_path, monkeypatch) -> sa.Engine:
    monkeypatch.setattr(features.offline, "vectors", vectors)
    Installation(tmp_path).create()
    return open_record(tmp_path / "record.db")


@pytest.fixture
def installation(tmp_path) -> Installation:
    return Installation(tmp_path)


def _run(command, installation, *words):
    told = CliRunner().invoke(command, [*words, "--data", str(installation.root)])
    if told.exception is not None:
        raise told.exception
    return told.output


def test_a_model_is_trained_promoted_and_rolled_back(installation, engine):
    """One walk through the registry: each release follows the champion, and back again."""
    write_history(engine, LEADS, SHARES)

    first = train(installation, engine, Models(), Order(now=NOW))

    assert (first["name"], first["version"], first["promoted"]) == ("lead_propensity", "1", True)
    assert first["test"]["auc"] > 0.6
    assert set(first["accounts"]) == {"any", "best", "mean"}
    assert first["accounts"]["any"]["rows"] < first["test"]["rows"]
    assert first["labels"] == {"known": LEADS, "censored": 0}
    kept = read_cases(files(installation)[0])
    assert kept is not None
    assert (kept.origin.version, kept.table.num_rows) == ("1", LEADS)
    assert release.current(engine).model_version == "1"
    scorer = Scorer.load(installation.releases / "lead_propensity-1")
    assert (scorer.version, scorer.feature_names) == ("1", ("pricing_views_30d", "seniority"))
    _has_its_feature_service(installation, scorer)
    _has_its_evidence(installation, first)

    second = _train_at_stages_too(installation, engine)
    assert second["version"] == "2"
    assert second["examples"] > first["examples"]
    assert release.current(engine).model_version == "1"

    _run(promote, installation, "2")
    assert release.current(engine).model_version == "2"
    assert "champion" in _run(list_models, installation).splitlines()[0]
    _run(rollback, installation)
    assert release.current(engine).model_version == "1"
    with pytest.raises(WorkError, match="no champion came before"):
        _run(rollback, installation)
    with pytest.raises(WorkError, match="no version 9"):
        _run(promote, installation, "9")

    _can_be_compared(installation)
    _tampered_and_broken(installation, engine)


def _train_at_stages_too(installation, engine):
    """Card and fingerprint tell of it; cases, test and profile are of ages alone."""
    models = Models(at_stages=True)
    stages = [
        {"lead_id": f"lead-{number}", "known_at": CREATED + 42 * DAY, "crm_id": None}
        for number in range(LEADS)
    ]
    with writing(engine) as record:
        upsert(CRM_STAGE, record, stages)

    told = train(installation, engine, models, Order(now=NOW, promote=False, seed=8))

    folders = list((installation.mlflow / "artifacts").glob("*/artifacts/model"))
    taught = [card.taught for card in map(read_card, folders) if card.taught]
    told_of = {one.label_fingerprint: one.label.get("at_stages") for one in taught}
    assert told_of == {definition(models).fingerprint: True, definition(Models()).fingerprint: None}
    profiles = [read_profile(one) for one in folders]
    assert {tuple(one.ages) for one in profiles if one} == {(0, 7, 14, 30)}  # all closed by 60
    assert told["cases"] == LEADS
    return told


def _can_be_compared(installation):
    """On leads that taught neither, second less first."""
    told = json.loads(_run(compare, installation, "1", "2", "--json").splitlines()[-1])

    assert (told["rows"], told["notes"]) == (32, [])
    auc = [told["figures"][name]["auc"]["value"] for name in ("1", "2")]
    assert told["differences"]["auc"]["value"] == pytest.approx(auc[1] - auc[0])
    assert "average precision" in _run(compare, installation, "2", "1")
    for asked, why in ((("1", "7"), "no version 7"), (("1", "1"), "the same version")):
        with pytest.raises(WorkError, match=why):
            _run(compare, installation, *asked)


def _has_its_feature_service(installation, scorer):
    """Feast tells by the version's name what it reads, and MLflow tells the name."""
    assert columns(installation, "lead_propensity_v1") == scorer.feature_names
    client = registry.open_registry(installation)
    version = client.get_model_version(registry.MODEL_NAME, "1")
    assert version.tags["feature_service"] == "lead_propensity_v1"
    assert client.get_run(version.run_id).info.run_name == "version 1"
    experiment = client.get_experiment_by_name(registry.EXPERIMENT)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def _has_its_evidence(installation, told):
    """Card, pictures and the leads that taught, which an erasure asks for, beside the model."""
    [folder] = (installation.mlflow / "artifacts").glob("*/artifacts/evidence")
    names = {path.name for path in folder.iterdir()}
    pictures = {"baselines", "reliability", "gain", "bands", "slices", "months", "inputs"}
    assert names == {"card.md", "card.json", "leads.txt", *(f"{one}.png" for one in pictures)}
    assert all((folder / f"{one}.png").read_bytes()[:4] == b"\x89PNG" for one in pictures)
    taught = (folder / "leads.txt").read_text().split()
    tested = int(told["test"]["rows"])
    assert (len(taught), len(set(taught))) == (LEADS - tested, LEADS - tested)
    card = (folder / "card.md").read_text()
    assert f"## {tested} test leads" in card
    assert "| AUC |" in card
    assert set(told["baselines"]) == {"model", "trees", "scorecard", "rules"}
    assert told["baselines"]["model"]["auc"]["value"] == told["test"]["auc"]
    assert told["shuffled_auc"] is None


def _tampered_and_broken(installation, engine):
    """Goes on with the same registry: to make one takes seconds."""
    files = sorted((installation.mlflow / "artifacts").glob("*/artifacts/model/model.txt"))
    for file in files:
        file.write_text(file.read_text().replace("leaf_value=", "leaf_value=9", 1))
    (installation.releases / "lead_propensity-2" / "model.txt").write_text("tree\n")
    registry.promote(registry.open_registry(installation), "2")
    watcher = Watcher(installation, engine, FixedClock(NOW))
    with pytest.raises(ModelRefused, match="SHA-256"):
        watcher.look()
    assert release.current(engine).model_version == "1"

    registry.store(installation).write_text("no database")
    with pytest.raises(WorkError, match="cannot open the model registry"):
        Watcher(installation, engine, FixedClock(NOW)).look()
    with pytest.raises(WorkError, match="cannot open the model registry"):
        train(installation, engine, Models(), Order(now=NOW))
    assert release.current(engine).model_version == "1"
    assert not list(installation.releases.glob(".*"))


def test_without_labels_it_says_so_and_registers_nothing(installation, engine):
    """A new installation has no history: a sentence, not a traceback, and rules go on."""
    with pytest.raises(WorkError, match="no labels to learn from"):
        train(installation, engine, Models(), Order(now=NOW))

    assert not registry.store(installation).exists()


def test_leads_without_any_closed_deal_are_told_as_such(installation, engine):
    """They would all count as lost, and the message would speak of classes."""
    write_history(engine, LEADS, SHARES)
    with writing(engine) as connection:
        connection.execute(sa.delete(OUTCOME))

    with pytest.raises(WorkError, match="no outcome was ever told: of 160 leads") as refused:
        train(installation, engine, Models(), Order(now=NOW))

    assert "leadline import outcomes" in str(refused.value.lines())
    assert not registry.store(installation).exists()


def test_a_promoted_model_that_may_be_chance_is_told(installation, engine):
    """`train` puts in force whatever it made: what its order is worth stands beside it."""
    write_history(engine, LEADS, (0.5, 0.5))
    told = train(installation, engine, Models(), Order(now=NOW, check_leakage=False))
    assert "warning: it is in force, and not surely better than chance" in _tell(told)
    assert "warning" not in _tell(told | {"promoted": False})


def test_one_class_only_is_told_and_registers_nothing(installation, engine):
    """Losses alone teach nothing."""
    write_history(engine, LEADS, (0.0, 0.0))

    with pytest.raises(WorkError, match="0 leads that could teach were won"):
        train(installation, engine, Models(), Order(now=NOW))

    assert not registry.store(installation).exists()


def test_leads_that_are_all_alike_are_told_and_register_nothing(installation, engine, monkeypatch):
    """Every feature missing or constant: the events came under other identifiers, or not at all."""

    def alike(installation, engine, asks):
        told = vectors(installation, engine, asks)
        for one in told:
            one.values.update({"pricing_views_30d": 1, "seniority": None})
        return told

    monkeypatch.setattr(features.offline, "vectors", alike)
    write_history(engine, LEADS, SHARES)
    write_history(engine, LEADS, SHARES)  # the same leads once more are no other leads

    with pytest.raises(WorkError, match="examples are alike: every feature is constant or missing"):
        train(installation, engine, Models(), Order(now=NOW))

    assert not registry.store(installation).exists()


def test_the_same_lessons_give_the_same_bytes(installation, engine):
    """Trees, calibration and all: who can make a model again can check where it comes from."""
    write_history(engine, LEADS, SHARES)
    order = Order(now=NOW, promote=False, trials=2, check_leakage=True)

    versions = [train(installation, engine, Models(), order) for _ in range(2)]

    first, again = (
        [path.read_bytes() for path in sorted(folder.iterdir())]
        for folder in (installation.mlflow / "artifacts").glob("*/artifacts/model")
    )
    assert first == again
    assert [one["version"] for one in versions] == ["1", "2"]
    assert versions[0]["trials"] == 3
    assert abs(versions[0]["shuffled_auc"] - 0.5) < 0.2


def test_without_a_registry_the_watcher_rests(installation, engine):
    """Before the first training there is nothing to follow, and no MLflow to import."""
    Watcher(installation, engine, FixedClock(NOW)).look()

    assert release.current(engine) == release.Release()
