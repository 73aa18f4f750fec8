"""A file of rows, read from beginning to end as often as asked: memory does not grow with it.

Every cell is a text without blanks around it; what Parquet knows as a number or a moment is
written out, so that both formats go the same way from here on.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from core.errors import DefinitionError, Problem

SAMPLE_ROWS = 50
BLOCK = 1 << 20
LONGEST_CELL = 1 << 20
"""Characters. A longer one is an unclosed quote that swallows the rest of the file."""
DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NO_TEXT = {
    b"PK\x03\x04": "an Excel workbook or another archive: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"\x1f\x8b": "packed with gzip: unpack it first",
}


class Row(NamedTuple):
    """`line` counts from 1, the header being one; of Parquet it is the number of the row."""

    line: int
    cells: list[str]


class Source:
    """An opened file. `notes` says what was taken for granted: an encoding that is not UTF-8."""

    def __init__(self, path: Path, encoding: str | None = None, delimiter: str | None = None):
        """DefinitionError when it is missing, empty, no table, or not of the encoding told."""
        self.path = path
        self.notes: list[str] = []
        head = _head(path)
        self.is_parquet = head[:4] == b"PAR1"
        self.encoding = self.delimiter = ""
        if self.is_parquet:
            self.columns = _unique(_parquet_columns(path))
            return
        self.encoding = encoding or self._find_encoding(head)
        self.delimiter = delimiter or self._find_delimiter()
        self.columns = self._header()

    def place(self, line: int) -> str:
        return f"{self.path.name} row {line}" if self.is_parquet else f"{self.path.name}:{line}"

    def rows(self) -> Iterator[Row | Problem]:
        """Every row below the header; a `Problem` stands for one whose cells do not fit."""
        return self._parquet_rows() if self.is_parquet else self._csv_rows()

    def _csv_rows(self) -> Iterator[Row | Problem]:
        wide = len(self.columns)
        for line, cells in self._lines():
            if len(cells) == wide:
                yield Row(line, [cell.strip() for cell in cells])
            elif any(cell.strip() for cell in cells):
                yield Problem(self.place(line), f"has {len(cells)} cells, the header {wide}")

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Line of the beginning and cells of each record below the header."""
        with self._open() as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            try:
                next(reader, None)
                while True:
                    line = reader.line_num + 1
                    cells = next(reader, None)
                    if cells is None:
                        return
                    yield line, cells
            except csv.Error as problem:
                raise _refusal(
                    self.path, f"cannot be read from line {reader.line_num} on: {problem}",
                    "look for a quotation mark that is never closed",
                ) from problem  # fmt: skip
            except UnicodeError as problem:
                raise _wrong_encoding(self.path, self.encoding, problem) from problem

    def _open(self) -> IO[str]:
        csv.field_size_limit(LONGEST_CELL)
        try:
            return self.path.open(encoding=self.encoding, newline="")
        except LookupError as problem:
            raise _refusal(self.path, f"no encoding is called {self.encoding!r}", "") from problem

    def _find_encoding(self, head: bytes) -> str:
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name
        for start, what in _NO_TEXT.items():
            if head.startswith(start):
                raise _refusal(self.path, f"is {what}", "")
        if b"\x00" in head:
            raise _refusal(self.path, "is no text", "give a CSV or a Parquet file")
        for name in ("utf-8", "cp1252"):
            if _decodes(self.path, name):
                if name != "utf-8":
                    self.notes.append("is not UTF-8; read as Windows-1252 (file.encoding says so)")
                return name
        self.notes.append("is neither UTF-8 nor Windows-1252; read as Latin-1")
        return "latin-1"

    def _find_delimiter(self) -> str:
        """The one by which most records have the most, and equally many, cells."""
        with self._open() as file:
            try:
                lines = file.read(BLOCK).splitlines(keepends=True)
            except UnicodeError as problem:
                raise _wrong_encoding(self.path, self.encoding, problem) from problem
        text = "".join(lines[:SAMPLE_ROWS])
        return max(DELIMITERS, key=lambda delimiter: _fit(text, delimiter))

    def _header(self) -> tuple[str, ...]:
        with self._open() as file:
            try:
                cells = next(csv.reader(file, delimiter=self.delimiter), [])
            except (csv.Error, UnicodeError) as problem:
                raise _refusal(self.path, f"has no header: {problem}", "") from problem
        if not any(cell.strip() for cell in cells):
            raise _refusal(self.path, "has no header", "give the columns' names in its first line")
        return _unique(cells)

    def _parquet_rows(self) -> Iterator[Row | Problem]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        line = 0
        try:
            for batch in pq.ParquetFile(self.path).iter_batches(2_000):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    line += 1
                    yield Row(line, [_text(value) for value in values])
        except (pa.ArrowException, OSError) as problem:
            raise _refusal(self.path, f"cannot be read: {problem}", "") from problem


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK)
    except OSError as problem:
        raise _refusal(path, f"cannot be read: {problem.strerror}", "") from problem
    if not head.strip():
        raise _refusal(path, "is empty", "")
    return head


def _decodes(path: Path, encoding: str) -> bool:
    with path.open("rb") as file, io.TextIOWrapper(file, encoding=encoding) as text:
        try:
            while text.read(BLOCK):
                pass
        except UnicodeError:
            return False
    return True


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in rows if cells)
    except csv.Error:  # told where the rows are read, with its line
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, alike = widths.most_common(1)[0]
    return (alike / widths.total() if width > 1 else 0.0), width


def _unique(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """A name that comes twice, or that is missing, gets its number: each column can be named."""
    told: list[str] = []
    for number, name in enumerate(names, 1):
        clean = " ".join(name.split()) or f"column {number}"
        told.append(f"{clean} ({number})" if clean in told else clean)
    return tuple(told)


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as problem:
        raise _refusal(path, f"is a damaged Parquet file: {problem}", "") from problem


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return "" if value != value else f"{value:.17g}"  # noqa: PLR0124 - NaN alone differs
        case dt.datetime() | dt.date():
            return value.isoformat()
        case _:
            return str(value).strip()


def _refusal(path: Path, why: str, do: str) -> DefinitionError:
    return DefinitionError(f"{path} {why}", do=do)


def _wrong_encoding(path: Path, encoding: str, problem: UnicodeError) -> DefinitionError:
    return _refusal(
        path, f"is not {encoding}: {problem}", "name its encoding in the mapping (file.encoding)"
    )
