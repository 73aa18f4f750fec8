"""What a disk or a database refuses is told as what, where and what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import cli
from core.database import open_record, writing
from core.errors import LeadlineError, StartError, WorkError
from core.refusal import refusal


def refused_by(engine: sa.Engine, pragma: str) -> SQLAlchemyError:
    """What a write raises under a pragma."""
    with pytest.raises(SQLAlchemyError) as raised, writing(engine) as connection:  # noqa: PT012
        connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.exec_driver_sql("CREATE TABLE more (body BLOB)")
        connection.exec_driver_sql("INSERT INTO more VALUES (zeroblob(1000000))")
    return raised.value


@pytest.mark.parametrize(
    ("pragma", "words"),
    [("max_page_count=1", "full"), ("query_only=ON", "cannot be opened or written")],
)
def test_a_write_that_is_refused_names_the_file_and_a_way_out(
    tmp_path: Path, pragma: str, words: str
) -> None:
    """`OperationalError` alone tells an operator neither which disk nor what to do."""
    path = tmp_path / "record.db"
    told = refusal(refused_by(open_record(path), pragma))
    assert isinstance(told, StartError)
    assert str(path) in told.detail
    assert words in told.detail
    assert "--data" in told.do


def test_a_record_that_others_hold_is_tried_again(tmp_path: Path) -> None:
    """Nothing is wrong with the installation: exit code 1, not 2."""
    path = tmp_path / "record.db"
    engine = open_record(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as raised, engine.connect() as connection:  # noqa: PT012
        connection.connection.cursor().execute("PRAGMA busy_timeout=1")
        connection.exec_driver_sql("SELECT 1")
    holder.close()
    assert isinstance(refusal(raised.value), WorkError)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_file_that_cannot_be_written_is_named(number: int) -> None:
    """Not every store is a database: the lake and the releases are files."""
    told = refusal(OSError(number, "the system's words", "/data/lake"))
    assert isinstance(told, StartError)
    assert "/data/lake" in told.detail
    assert "the system's words" in told.detail


@pytest.mark.parametrize(
    "fault", [ZeroDivisionError(), KeyError("x"), FileNotFoundError(errno.ENOENT, "no", "x")]
)
def test_a_fault_of_ours_stays_one(fault: Exception) -> None:
    """To call it a full disk would send the operator the wrong way."""
    assert refusal(fault) is None


def test_a_statement_of_ours_that_is_wrong_stays_a_fault(tmp_path: Path) -> None:
    """SQLite raises the same class for a missing table as for a full disk."""
    engine = open_record(tmp_path / "record.db")
    with pytest.raises(OperationalError) as raised, writing(engine) as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert refusal(raised.value) is None


def test_a_command_ends_with_the_lines_and_their_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`leadline keys create` on a full disk: two lines, exit code 2, no traceback."""
    refused = refused_by(open_record(tmp_path / "record.db"), "max_page_count=1")

    def fail(*_arguments: object, **_options: object) -> LeadlineError:
        raise refused

    monkeypatch.setattr(cli.commands, "main", fail)
    assert cli.run(["keys"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 2
    assert "record.db: the disk is full" in told
    assert "this should not happen" not in told
