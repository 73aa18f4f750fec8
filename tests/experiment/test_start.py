"""Starting and stopping: nothing starts that could not serve, what stops leaves one champion."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli import run
from core import release
from core.clock import DAY, FixedClock
from core.database import reading, upsert, writing
from core.errors import DefinitionError, WorkError
from core.installation import Installation
from core.settings import load_settings
from events.outcomes import CRM_LEAD, OUTCOME
from rules import read_catalog
from scoring import registry
from scoring.card import TREES_FILE
from scoring.experiment import Metric, Spec, begin, running
from scoring.watcher import Watcher
from tests.registered import register
from training.commands.experiment import experiment
from training.commands.installed import Installed
from training.experiment.expected import expected
from training.experiment.size import planned_units
from training.experiment.start import Order, start, stop

NOW = 20_100 * DAY
OPENED = NOW - 60 * DAY
CLOCK = FixedClock(NOW)


@pytest.fixture
def installed(installation: Installation, engine: sa.Engine) -> Installed:
    return Installed(installation, load_settings(None), engine)


@pytest.fixture
def second_rules(engine: sa.Engine) -> int:
    """A version of the rules that is not in force."""
    row = {"version": 4, "digest": "d", "files": read_catalog(), "author": "a", "note": ""}
    with writing(engine) as record:
        record.execute(sa.insert(release.RULE_VERSION), [{**row, "published_at": 1}])
    return 4


def history(engine: sa.Engine, *, won: int, lost: int, value: float = 1_000.0) -> None:
    leads, deals = [], []
    for number in range(won + lost):
        lead = {"crm_id": f"c{number}", "lead_id": f"lead-{number}", "created_at": OPENED}
        leads.append({**lead, "known_at": OPENED, "owner": None})
        deal = {"deal_id": f"d{number}", "crm_id": f"c{number}", "lead_id": f"lead-{number}"}
        closed_at = OPENED + (15 if number < won else 45) * DAY
        deal |= {"account_id": None, "won": True, "value": value if number else 1e9}
        deals.append({**deal, "closed_at": closed_at, "known_at": closed_at})
    with writing(engine) as record:
        upsert(CRM_LEAD, record, leads)
        upsert(OUTCOME, record, deals)


def full(*_args: object) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def locked(*_args: object) -> None:
    """MLflow's database while another process writes for too long."""
    raise sa.exc.OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))


def test_a_model_is_tried_and_promoted_with_its_aliases(
    installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a real registry: challenger while it runs, champion for everybody after it."""
    installation, engine = installed.installation, installed.engine
    register(installation, tmp_path / "files", versions=2)
    Watcher(installation, engine).look()
    started = start(installed, Order(challenger="2", share=0.3), CLOCK)
    client = registry.open_registry(installation)
    told = {one["version"]: one["aliases"] for one in registry.versions(client)}
    assert told == {"1": ["champion"], "2": ["challenger"]}
    assert (installation.releases / "lead_propensity-2").is_dir()
    assert release.current(engine).experiment == started.experiment.id
    shutil.rmtree(installation.releases / "lead_propensity-2")
    with monkeypatch.context() as patched:
        patched.setattr(registry, "download", full)
        with pytest.raises(WorkError, match="No space left"):
            stop(installed, CLOCK, promote=True)
    assert registry.champion(client) == "1"
    ended, trouble = stop(installed, CLOCK, promote=True)
    assert (ended.promoted, trouble) == (True, "")
    assert (installation.releases / "lead_propensity-2").is_dir()  # before the alias moved
    Watcher(installation, engine).look()
    after = release.current(engine)
    assert (after.model_version, after.experiment) == ("2", None)
    told = {one["version"]: one["aliases"] for one in registry.versions(client)}
    assert told == {"1": [], "2": ["champion"]}
    with pytest.raises(DefinitionError) as wrong:
        start(installed, Order(challenger="9"), CLOCK)
    assert "there is no version 9; there are 2, 1" in str(wrong.value.problems[0])
    _files_that_are_gone_come_back(installed, monkeypatch)


def _files_that_are_gone_come_back(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody removed what serves: it is copied out anew, once there is room and MLflow's database
    answers. Until then each look says why, and what is in force stays.
    """
    installation, engine = installed.installation, installed.engine
    folder = installation.releases / "lead_propensity-2"
    watcher = Watcher(installation, engine)
    watcher.look()
    shutil.rmtree(folder)
    with monkeypatch.context() as patched:
        patched.setattr(registry, "download", full)
        with pytest.raises(WorkError, match="No space left"):
            watcher.look()
    assert not list(installation.releases.glob(".export-*"))
    with monkeypatch.context() as patched:
        patched.setattr(registry, "champion", locked)
        with pytest.raises(WorkError, match=r"database is locked.*"):
            watcher.look()
    before = release.current(engine)
    watcher.look()
    assert folder.is_dir()
    assert release.current(engine) == before
    (folder / TREES_FILE).unlink()
    watcher.look()
    assert (folder / TREES_FILE).exists()


def test_rules_are_tried_without_a_model_and_promoted(
    installed: Installed, second_rules: int
) -> None:
    """On day one there is no registry, and there need not be."""
    start(installed, Order(rules_version=second_rules), CLOCK)
    _, trouble = stop(installed, CLOCK, promote=True)
    assert trouble == ""
    assert release.current(installed.engine).rules_version == second_rules


def test_everything_that_is_wrong_is_told_at_once_and_nothing_starts(installed: Installed) -> None:
    """The second mistake should not wait for the first to be corrected."""
    with pytest.raises(DefinitionError) as wrong:
        start(
            installed,
            Order(rules_version=7, window_days=60, max_days=60, metric=Metric.REVENUE),
            CLOCK,
        )
    told = [problem.path for problem in wrong.value.problems]
    assert told == ["--max-days", "--rules", "--metric"]
    with pytest.raises(DefinitionError) as wrong:
        start(installed, Order(), CLOCK)
    assert wrong.value.exit_code == 2
    with pytest.raises(WorkError, match="no model was ever trained"):
        start(installed, Order(challenger="2"), CLOCK)
    with reading(installed.engine) as record:
        assert running(record) is None


def test_rules_that_cannot_be_compiled_start_nothing(
    installed: Installed, engine: sa.Engine
) -> None:
    """Every process would refuse them, and the experiment would be the champion against itself."""
    row = {"version": 5, "digest": "d", "files": {"fit.yaml": "["}, "author": "a", "note": ""}
    with writing(engine) as record:
        record.execute(sa.insert(release.RULE_VERSION), [{**row, "published_at": 1}])
    with pytest.raises(DefinitionError) as wrong:
        start(installed, Order(rules_version=5), CLOCK)
    assert [problem.path for problem in wrong.value.problems] == ["--rules"]


def test_only_a_rule_that_suppresses_can_tell_of_harm(
    installed: Installed, engine: sa.Engine, second_rules: int
) -> None:
    """A misspelt one would guard nothing; those of either arm count, and stand in the spec."""
    with pytest.raises(DefinitionError) as wrong:
        start(installed, Order(rules_version=second_rules, harmful=("unsubscribe",)), CLOCK)
    (problem,) = wrong.value.problems
    assert problem.path == "--harmful"
    assert "student, unsubscribed" in str(problem)
    order = Order(rules_version=second_rules, harmful=("unsubscribed", "student"))
    assert start(installed, order, CLOCK).experiment.spec.harmful == ("unsubscribed", "student")
    stop(installed, CLOCK, promote=False)
    plain = start(installed, Order(rules_version=second_rules), CLOCK)
    assert plain.experiment.spec.harmful == ("unsubscribed",)


def test_the_plan_rests_on_the_past(installed: Installed, second_rules: int) -> None:
    """Units won inside the window count, later ones do not, and one huge deal decides nothing."""
    history(installed.engine, won=120, lost=480)
    told = expected(installed.engine, Metric.WIN_RATE, 30, NOW)
    assert told is not None
    assert (told.units, told.base) == (600, 0.2)
    worth = expected(installed.engine, Metric.REVENUE, 30, NOW)
    assert worth is not None
    assert worth.cap is not None
    assert worth.cap < 1e9 / 2
    assert expected(installed.engine, Metric.WIN_RATE, 30, OPENED + DAY) is None
    started = start(installed, Order(rules_version=second_rules), CLOCK)
    spec = started.experiment.spec
    assert started.units == 600
    assert spec.planned == planned_units(0.2, 0.4, 0.2, 0.2)


def call(installation: Installation, *arguments: str) -> Any:
    return CliRunner().invoke(experiment, [*arguments, "--data", str(installation.root)])


def test_the_commands_tell_what_runs_and_what_to_do(
    installed: Installed, second_rules: int, tmp_path: Path
) -> None:
    """By hand: start, report with a picture, list, stop, and the report once more."""
    where = installed.installation
    began = call(where, "start", "--rules", str(second_rules), "--share", "30", "--base-rate", "5")
    assert began.exit_code == 0, began.output
    assert "experiment 1 runs: rules 4 against 0 (30%)" in began.output
    picture = tmp_path / "plot.png"
    told = call(where, "report", "--plot", str(picture))
    assert told.exit_code == 0, told.output
    assert told.output.startswith("keep running: no unit's window has run yet")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert '"verdict":"keep_running"' in call(where, "report", "--json").output
    assert "the champion stays" in call(where, "stop").output
    assert "stopped" in call(where, "list").output
    ended = call(where, "report", "1").output
    assert ended.startswith("undecided: no unit's window has run yet")
    assert "ended, day" in ended
    again = ("--rules", str(second_rules), "--base-rate", "5", "--lift", "0.001")
    told = call(where, "start", *again).output
    assert "a lift of 0.001% is found with" in told
    assert "warning: few ever score more than 100,000 units" in told


def test_a_challenger_that_does_not_win_is_promoted_only_by_who_insists(
    installed: Installed, second_rules: int
) -> None:
    """Else one slip puts in force for everybody what the report warns of."""
    where, engine = installed.installation, installed.engine
    call(where, "start", "--rules", str(second_rules), "--base-rate", "5")
    refused = call(where, "stop", "--promote").exception
    assert isinstance(refused, WorkError)
    assert "its verdict is: keep running: no unit's window has run yet" in refused.detail
    assert "--despite-verdict" in refused.do
    assert release.current(engine).rules_version == 0
    with reading(engine) as record:
        assert running(record) is not None
    told = call(where, "stop", "--promote", "--despite-verdict").output
    assert told.startswith("keep running: no unit's window has run yet")
    assert "in force for everybody" in told
    assert release.current(engine).rules_version == second_rules


def test_a_users_mistake_is_told_in_lines_with_its_exit_code(
    installed: Installed, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use is 2, what did not work is 1; no traceback for either."""
    data = ["--data", str(installed.installation.root)]
    assert run(["experiment", "start", *data]) == 2
    assert "name a version of the model" in capsys.readouterr().err
    assert run(["experiment", "start", "--share", "100", *data]) == 2
    capsys.readouterr()
    assert run(["experiment", "stop", *data]) == 1
    assert "no experiment runs" in capsys.readouterr().err
    assert run(["experiment", "report", *data]) == 1
    assert "there was no experiment yet" in capsys.readouterr().err
    begin(engine, Spec(name="x", challenger="2", base=0.1, deviation=0.3, planned=10), NOW)
    assert run(["experiment", "report", "7", *data]) == 1
    assert "there is no experiment 7" in capsys.readouterr().err
