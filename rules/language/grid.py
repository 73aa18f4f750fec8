"""CSV text, as spreadsheets write it → rows of cells that know their line and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from rules.language.reading import Reader
from rules.language.source import Place, too_large

MOST_ROWS = 2000
MOST_COLUMNS = 200
_DELIMITERS = ",;\t"
_SAID = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)


class Cell(NamedTuple):
    text: str
    """Without white space around it; empty where the spreadsheet has nothing."""
    place: Place


class Row(NamedTuple):
    place: Place
    cells: dict[str, Cell]
    """By the name in the header, in the order of the columns."""


class Grid(NamedTuple):
    header: dict[str, Place]
    """Names in lower case."""
    rows: list[Row]
    decimal_comma: bool
    """Where `;` parts the cells, `,` may part whole and decimal places."""


def read_grid(reader: Reader, text: str) -> Grid | None:
    """The table in `text`; None when it cannot be read at all. Problems go to `reader`.

    Understands a byte order mark, `sep=;`, commas, semicolons and tabs, quotes, CR LF, empty rows
    and columns, and rows that begin with `#`.
    """
    if too_large(text, reader):
        return None
    text = text.removeprefix("\ufeff")
    said = _SAID.match(text)
    body = text[said.end() :] if said else text
    delimiter = said[1] if said else _delimiter(body)
    lines = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    numbered = _numbered(reader, lines, 1 if said else 0)
    first = next(numbered, None)
    if first is None:
        if not reader.count():
            reader.problem(1, "is empty: its first row names the columns")
        return None
    header = _header(reader, *first)
    rows = [_row(reader, line, cells, header) for line, cells in numbered]
    if len(rows) > MOST_ROWS:
        reader.problem(1, f"has more than {MOST_ROWS} rows")
        return None
    return Grid({name: place for name, place in header if name}, rows, delimiter == ";")


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _numbered(reader: Reader, lines: csv._reader, skipped: int) -> Iterator[tuple[int, list[str]]]:  # type: ignore[name-defined]
    """Rows that say something, each with the line that it starts at."""
    count = 0
    while count <= MOST_ROWS + 1:
        line = lines.line_num + 1 + skipped
        try:
            cells = [cell.strip() for cell in next(lines)]
        except StopIteration:
            return
        except csv.Error as error:
            reader.problem(line, f"is not CSV: {error}")
            return
        if any(cells) and not cells[0].startswith("#"):
            count += 1
            yield line, cells


def _header(reader: Reader, line: int, cells: list[str]) -> list[tuple[str, Place]]:
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        reader.problem(line, f"has more than {MOST_COLUMNS} columns")
        cells = cells[:MOST_COLUMNS]
    named: list[tuple[str, Place]] = []
    for cell in cells:
        name = " ".join(cell.lower().split())
        if name and name in dict(named):
            reader.problem(line, f"column `{name}` stands here twice")
        named.append((name, Place(line, name)))
    return named


def _row(reader: Reader, line: int, cells: list[str], header: list[tuple[str, Place]]) -> Row:
    found: dict[str, Cell] = {}
    for at, cell in enumerate(cells):
        name = header[at][0] if at < len(header) else ""
        if name:
            found[name] = Cell(cell, Place(line, name))
        elif cell:
            reader.problem(line, f"`{cell}` stands in column {at + 1}, which has no name")
    return Row(Place(line), found)
