"""leadline retrain: a new model serves only if it is better, and nothing is ever half done."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import features.offline
from core import release
from core.clock import DAY, FixedClock
from core.database import open_record, reading
from core.errors import StartError, WorkError
from core.installation import Installation
from core.locks import held
from core.settings import Settings
from scoring import experiment, registry
from scoring.experiment import Spec
from scoring.retraining import Decision, newest
from scoring.watcher import Watcher
from tests.scoring.test_registry_opening import OPEN
from tests.training.small_history import NOW, vectors, write_history
from training.commands.installed import Installed
from training.commands.models import list_models, promote, rollback
from training.retrain import retrain


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Installed:
    monkeypatch.setattr(features.offline, "vectors", vectors)
    monkeypatch.setenv("LEADLINE__MODELS__TRIALS", "0")
    installation = Installation(tmp_path).create()
    settings = Settings()
    return Installed(installation, settings, open_record(installation.record_db))


def run(installed: Installed, days: float = 0.0, *, force: bool = False):
    clock = FixedClock(NOW + int(days * DAY))
    return retrain(installed, clock, force=force, tell=lambda _: None)


def decided(installed: Installed) -> list[Decision | None]:
    with reading(installed.engine) as connection:
        return [one.decision for one in newest(connection)]


def in_force(engine: sa.Engine) -> str | None:
    return release.current(engine).model_version


def test_the_life_of_models_from_the_first_to_a_rollback(installed):
    """One walk, because a registry takes seconds to make: first model, not due, no better one,
    an experiment, and hands that promote and return.
    """
    write_history(installed.engine, 400)

    first = run(installed)
    assert (first.decision, first.version, first.champion) == (Decision.PROMOTED, "1", "1")
    assert first.verdict is not None
    assert {gate.name for gate in first.verdict.gates} == {
        "latency", "size", "average_precision", "log_loss"
    }  # fmt: skip
    assert in_force(installed.engine) == "1"

    rest = run(installed, days=2.9)
    assert not rest.ran
    assert "2.9 of 3 days ago" in rest.why

    same = run(installed, days=3)
    assert (same.decision, same.version, same.champion) == (Decision.CHALLENGER, "2", "1")
    assert same.verdict is not None
    assert same.verdict.reasons == ("not surely better than champion 1",)
    client = registry.open_registry(installed.installation)
    rows = registry.versions(client)
    assert [(row["aliases"], row["decision"]) for row in rows] == [
        (["challenger"], "challenger"),
        (["champion"], "promoted"),
    ]
    assert rows[0]["gates"]["log_loss"].startswith("passed: log loss 0.")

    _held_while_an_experiment_runs(installed)
    _by_hand(installed)


def _held_while_an_experiment_runs(installed):
    spec = Spec(name="x", challenger="2", base=0.1, deviation=0.3, planned=100)
    experiment.begin(installed.engine, spec, NOW)
    client = registry.open_registry(installed.installation)
    client.delete_model_version(registry.MODEL_NAME, "2")  # so that nothing ties
    told = run(installed, days=7)
    assert told.decision is Decision.HELD
    assert "experiment 1 runs" in told.notes[-1]
    assert registry.versions(client)[0]["aliases"] == []
    assert in_force(installed.engine) == "1"
    experiment.end(installed.engine, NOW, promote=False)


def _by_hand(installed):
    data = ["--data", str(installed.installation.root)]
    asked = CliRunner().invoke(promote, ["3", *data])
    assert asked.exit_code == 0, asked.output
    assert in_force(installed.engine) == "3"
    listed = CliRunner().invoke(list_models, data).output.splitlines()
    assert "  gates: held " in listed[0]
    assert listed[0].endswith("  now: champion")
    assert CliRunner().invoke(rollback, data).exit_code == 0
    assert in_force(installed.engine) == "1"
    wrong = CliRunner().invoke(promote, ["v3", *data]).exception
    assert isinstance(wrong, WorkError)
    assert wrong.do.startswith("did you mean 3?")

    (trees,) = (installed.installation.mlflow.glob("artifacts/*/artifacts/model/model.txt"),)
    for file in trees:
        file.write_text("tree\n")
    (installed.installation.releases / "lead_propensity-3" / "model.txt").write_text("tree\n")
    refused = CliRunner().invoke(promote, ["3", *data]).exception
    assert "SHA-256" in str(refused)
    client = registry.open_registry(installed.installation)
    assert registry.champion(client) == "1"
    _after_a_lost_store(installed)


def _after_a_lost_store(installed):
    """MLflow counts from 1 again: the numbers whose files are here are passed over, and what serves
    is still what a new model is compared with.
    """
    shutil.rmtree(installed.installation.mlflow)
    installed.installation.create()
    watcher = Watcher(installed.installation, installed.engine)
    watcher.look()
    # Another process makes it, as a running system's is made by a command.
    subprocess.run([sys.executable, "-c", OPEN, str(installed.installation.root)], check=True)
    watcher.look()
    assert in_force(installed.engine) == "1"
    told = run(installed, days=20)
    assert told.version == "4"
    assert told.verdict is not None
    assert told.verdict.against == "champion 1"
    assert in_force(installed.engine) == "1"


def test_without_outcomes_it_is_not_time(installed):
    """A new installation is asked every hour: a sentence, and no registry is made."""
    told = run(installed)
    assert not told.ran
    assert "no deal that ended" in told.why
    assert not registry.store(installed.installation).exists()


def test_a_failure_is_written_down_and_waits_longer_each_time(installed):
    """Else a running system would burn a core each hour for what cannot work."""
    write_history(installed.engine, 12, shares=(0, 0))
    with pytest.raises(WorkError, match="needed"):
        run(installed)
    assert decided(installed) == [Decision.FAILED]
    assert not run(installed, days=0.5 / 24).ran
    with pytest.raises(WorkError, match="needed"):
        run(installed, days=1.1 / 24)
    told = run(installed, days=2.2 / 24)
    assert "the last 2 failed" in told.why
    with pytest.raises(WorkError, match="needed"):
        run(installed, days=2.2 / 24, force=True)


def test_one_runs_at_a_time(installed):
    """The timer's and somebody's own."""
    with held(installed.installation.run / "retrain.lock", "x"), pytest.raises(StartError):
        run(installed)


class Died(BaseException):
    """Stands for a kill: nothing of ours catches it."""


POINTS = ("training.retrain.export", "tell_gates", "promote", "tell_decision")


def test_wherever_it_dies_what_serves_stays_and_the_next_run_goes_on(installed, monkeypatch):
    """Killed before the gates, between them and the alias, and after it: a champion is in force
    only if every file of it was checked and every gate passed, and nothing has to be tidied.
    """
    write_history(installed.engine, 200)
    for number, point in enumerate(POINTS, 1):

        def die(*_args, **_named):
            raise Died

        with monkeypatch.context() as patched:
            patched.setattr(point if "." in point else f"scoring.registry.{point}", die)
            with pytest.raises(Died):
                run(installed, force=True)
        assert decided(installed)[0] is None
        client = registry.open_registry(installed.installation)
        rows = registry.versions(client)
        assert rows[0]["version"] == str(number)
        assert rows[0]["decision"] is None
        assert in_force(installed.engine) is None
        if point != "tell_decision":
            assert rows[0]["aliases"] == []
        else:
            assert rows[0]["aliases"] == ["champion"]
            assert all(told.startswith("passed") for told in rows[0]["gates"].values())
    Watcher(installed.installation, installed.engine).look()
    assert in_force(installed.engine) == "4"
    told = run(installed, force=True)
    assert (told.decision, told.champion) == (Decision.CHALLENGER, "4")
    assert decided(installed)[1:] == [Decision.FAILED] * 4
