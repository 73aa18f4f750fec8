"""Files as CRMs, spreadsheets and people write them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DefinitionError, Problem
from events.imports.source import Row, Source


def write(folder: Path, content: bytes, name: str = "leads.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(source: Source) -> list[list[str]]:
    return [row.cells for row in source.rows() if isinstance(row, Row)]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_an_encoding_is_found(tmp_path: Path, encoding: str, told: str) -> None:
    """Excel writes BOMs and code pages; a name must not become another one on the way."""
    source = Source(write(tmp_path, "id,city\n1,Köln\n2,Málaga\n".encode(encoding)))
    assert source.columns == ("id", "city")
    assert read(source) == [["1", "Köln"], ["2", "Málaga"]]
    assert source.encoding == told
    assert bool(source.notes) == (encoding == "cp1252")


def test_an_encoding_that_is_told_and_wrong_is_refused(tmp_path: Path) -> None:
    """Silent question marks in names would be found months later."""
    path = write(tmp_path, "id,city\n1,Köln\n".encode("latin-1"))
    with pytest.raises(DefinitionError, match="is not utf-8"):
        read(Source(path, encoding="utf-8"))
    with pytest.raises(DefinitionError, match="no encoding is called"):
        Source(path, encoding="utf-9")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """A comma inside quotation marks, or in a number, is none."""
    text = delimiter.join(["id", "name", "worth"]) + "\n"
    text += delimiter.join(["1", '"Miller, Ann"', '"1,5"']) + "\n"
    source = Source(write(tmp_path, text.encode()))
    assert source.delimiter == delimiter
    assert read(source) == [["1", "Miller, Ann", "1,5"]]


def test_a_row_that_does_not_fit_is_named_by_its_line(tmp_path: Path) -> None:
    """Line numbers are those of an editor, also below a cell with line breaks; blanks are none."""
    text = 'id,note\n1,"two\nlines"\n\n2\n3,a,b\n4,fine\n'
    rows = list(Source(write(tmp_path, text.encode())).rows())
    assert [one for one in rows if isinstance(one, Problem)] == [
        Problem("leads.csv:5", "has 1 cells, the header 2"),
        Problem("leads.csv:6", "has 3 cells, the header 2"),
    ]
    assert [one.line for one in rows if isinstance(one, Row)] == [2, 7]


def test_every_column_has_a_name_of_its_own(tmp_path: Path) -> None:
    """A mapping has to be able to name each of them."""
    source = Source(write(tmp_path, b"id, Name ,,name,Name,id\n1,2,3,4,5,6\n"))
    assert source.columns == ("id", "Name", "column 3", "name", "Name (5)", "id (6)")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\n,,\n", "has no header"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x00\x01\x02", "is no text"),
        (b"PAR1 damaged", "damaged Parquet"),
        (b'id,name\n1,"never closed\n' + b"x" * 2_000_000, "cannot be read from line"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, why: str
) -> None:
    """Whatever somebody points at: no traceback, and what to do."""
    with pytest.raises(DefinitionError, match=why):
        list(Source(write(tmp_path, content)).rows())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Also when it goes between the look of the command line and ours."""
    with pytest.raises(DefinitionError, match="cannot be read"):
        Source(tmp_path / "none.csv")


def test_parquet_goes_the_same_way_as_csv(tmp_path: Path) -> None:
    """Types are written out: the mapping does not ask which of them a file is."""
    table = pa.table(
        {
            "id": [1, 2],
            "score": [0.5, float("nan")],
            "paid": [True, None],
            "at": [dt.datetime(2026, 1, 5, 10, 30, tzinfo=dt.UTC), None],
            "on": [dt.date(2026, 1, 5), None],
        }
    )
    path = tmp_path / "leads.parquet"
    pq.write_table(table, path)
    source = Source(path)
    assert source.columns == ("id", "score", "paid", "at", "on")
    assert read(source) == [
        ["1", "0.5", "true", "2026-01-05T10:30:00+00:00", "2026-01-05"],
        ["2", "", "", "", ""],
    ]
    assert source.place(2) == "leads.parquet row 2"
