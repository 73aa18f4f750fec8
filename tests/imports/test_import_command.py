"""`leadline import`: what a person meets, with nothing running beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cli
from core.database import open_record
from core.installation import Installation
from core.locks import held
from events.labels import label
from serving.running.upkeep import worker_runs

ROWS = "id,created,plan,converted\n" + "".join(
    f"c{at},2026-01-{at + 1:02},{'trial' if at % 3 else 'paid'},{at % 2}\n" for at in range(24)
)
LATE = 2**60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(ROWS)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.run(["import", *map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_file_alone_is_enough(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No mapping, no installation, nothing running: labels and columns stand in the record, and
    what was started for it has ended.
    """
    data = tmp_path / "data"
    code, out, err = run(capsys, "leads", file, "--data", data, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert (report["rows"], report["taken"], report["counts"]["new"]) == (24, 24, 24)
    assert report["attributes"] == {"plan": "crm_plan"}
    assert "guessed mapping:" in err
    assert "crm_id: id" in err

    installation = Installation(data)
    engine = open_record(installation.record_db)
    assert [one.won for one in label(engine, 90, LATE).known] == [False, True] * 12
    assert not worker_runs(installation)
    with held(installation.run / "up.lock", "`leadline up`"):
        pass
    assert not list(installation.run.glob(".import-*"))
    assert not (installation.run / "redis.json").exists()

    code, out, _ = run(capsys, "leads", file, "--data", data)
    assert (code, out.splitlines()[0]) == (0, "leads.csv: 24 rows, 24 taken, 0 bad")
    assert "48  as known already" in out


def test_a_mapping_is_written_and_nothing_imported(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Look first, then import: the folder is not even made."""
    mapping, data = tmp_path / "map.yaml", tmp_path / "data"
    code, out, _ = run(capsys, "leads", file, "--write-mapping", mapping, "--data", data)
    assert code == 0
    assert "nothing was imported" in out
    assert not data.exists()
    assert "crm_id: id" in mapping.read_text()


@pytest.mark.parametrize(
    ("mapping", "content", "code", "why"),
    [
        ("lead: {crm_id: idd}", ROWS, 2, "did you mean 'id'?"),
        ("lead: {crm: id}", ROWS, 2, "is wrong"),
        ("lead: {crm_id: id}", "", 2, "is empty"),
        ("lead: {crm_id: id}", "id,created\n", 1, "has a header and no rows"),
        ("lead: {crm_id: id}\ncreated: created", "id,created\n1,soon\n", 1, "'soon' is no date"),
        ("lead: {crm_id: id}\nfile: {encoding: ascii}", "id\né\n", 2, "is not ascii"),
    ],
)
def test_a_mistake_is_a_line_and_an_exit_code(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mapping: str,
    content: str,
    code: int,
    why: str,
) -> None:
    """2 is a wrong file or mapping, 1 a right one with nothing in it; never a traceback."""
    (tmp_path / "map.yaml").write_text(mapping)
    (tmp_path / "file.csv").write_text(content, encoding="utf-8")
    words = ("leads", tmp_path / "file.csv", "--mapping", tmp_path / "map.yaml")
    ended, _, err = run(capsys, *words, "--data", tmp_path / "data")
    assert ended == code
    assert why in err
    assert "traceback" not in err
