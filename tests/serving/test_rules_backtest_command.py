"""`leadline rules backtest`: shape, exit codes, picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import cli
from core import release
from core.clock import DAY, SystemClock
from core.database import open_record, upsert, writing
from core.installation import Installation
from events.outcomes import CRM_LEAD, OUTCOME
from rules.life import publish
from scoring.cases import Case, Origin, write_cases
from tests.signals.past_fakes import CATALOG, HOT, MOMENT, NEARLY, case, edited


@pytest.fixture
def tried(installation: Installation) -> Installation:
    """Version 1 is in force, and training kept three leads."""
    now = SystemClock().now()
    engine = open_record(installation.record_db)
    publish(engine, CATALOG, "ann", "", None, now, "cli")
    release.make(engine, now, "", model_name="lead_propensity", model_version="1")
    origin = Origin(
        model="lead_propensity", version="1", made_at=now, moment_days=30, label_days=90
    )
    told = [case(0, won=True, **NEARLY), case(1, **HOT), case(2)]
    write_cases(installation, origin, told)
    _end(engine, told)
    return installation


def _end(engine: sa.Engine, cases: Sequence[Case]) -> None:
    """The CRM says the same of each."""
    opened = MOMENT - 30 * DAY
    leads = [
        {"crm_id": one.crm_id, "lead_id": one.lead_id, "created_at": opened, "known_at": opened,
         "owner": None}
        for one in cases
    ]  # fmt: skip
    deals = [
        {"deal_id": one.crm_id, "crm_id": one.crm_id, "lead_id": one.lead_id, "account_id": None,
         "won": one.won, "value": one.value, "closed_at": MOMENT, "known_at": MOMENT}
        for one in cases
    ]  # fmt: skip
    with writing(engine) as connection:
        upsert(CRM_LEAD, connection, leads)
        upsert(OUTCOME, connection, deals)


def _draft(folder: Path, files: dict[str, str]) -> Path:
    draft = folder / "draft"
    draft.mkdir()
    for name, text in files.items():
        (draft / name).write_text(text)
    return draft


def _run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.run(["rules", "backtest", *(str(word) for word in words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_json_has_each_band_before_and_after_and_the_leads_that_flip(tried, tmp_path, capsys):
    """The contract: leads, won and win_rate per band, on both sides."""
    draft = _draft(tmp_path, edited("intent.yaml", "points: 40", "points: 60"))

    code, out, _ = _run(capsys, "--draft", draft, "--data", tried.root, "--days", 3650, "--json")

    assert code == 0
    told = json.loads(out)
    hot = told["bands"]["hot"]
    assert {name: hot["before"][name] for name in ("leads", "won", "win_rate")} == {
        "leads": 1, "won": 0, "win_rate": 0.0,
    }  # fmt: skip
    assert (hot["after"]["leads"], hot["after"]["win_rate"]) == (2, 0.5)
    assert [(one["lead_id"], one["crm_id"]) for one in told["flips"]] == [("lead-0", "c0")]
    assert told["propensities"] == {
        "model": "lead_propensity", "version": "1", "out_of_fold": 3, "held_out": 0, "none": 0,
    }  # fmt: skip
    assert told["before_version"] == "version 1"


def test_people_get_lines_and_a_picture(tried, tmp_path, capsys):
    draft = _draft(tmp_path, edited("intent.yaml", "points: 40", "points: 60"))
    picture = tmp_path / "bands.png"

    where = ("--draft", draft, "--data", tried.root, "--days", 3650)
    code, out, _ = _run(capsys, *where, "--plot", picture)

    assert code == 0
    assert "c0 lead-0  warm 45 → hot 55" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_broken_draft_is_refused_with_all_that_is_wrong(tried, tmp_path, capsys):
    """Exit code 2, before a single lead is read."""
    files = edited("intent.yaml", "fact: demo_views_7d", "fact: demo_view_7d")
    files["fit.yaml"] = files["fit.yaml"].replace("op: is,", "op: equal,")
    draft = _draft(tmp_path, files)

    code, out, err = _run(capsys, "--draft", draft, "--data", tried.root)
    assert code == 2
    assert "demo_view_7d" in err
    assert "`equal`" in err

    code, out, _ = _run(capsys, "--draft", draft, "--data", tried.root, "--json")
    assert code == 2
    assert len(json.loads(out)["problems"]) >= 2


def test_without_leads_of_the_past_it_says_what_to_do(installation, capsys):
    """Exit code 1: asked rightly, and there is nothing to try it on."""
    open_record(installation.record_db).dispose()

    code, _, err = _run(capsys, "--data", installation.root)

    assert code == 1
    assert "import leads and their outcomes" in err


def test_a_folder_without_an_installation_stays_empty(tmp_path, capsys):
    """A mistyped folder is named, not filled."""
    code, _, err = _run(capsys, "--data", tmp_path / "nothing")

    assert code == 2
    assert "no installation" in err
    assert not (tmp_path / "nothing").exists()


def test_help_needs_no_library():
    told = CliRunner().invoke(cli.commands, ["rules", "backtest", "--help"])

    assert told.exit_code == 0
    assert "--draft" in told.output
