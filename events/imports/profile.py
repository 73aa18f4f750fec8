"""What each column of a file holds: found by reading all of it once, with bounded memory."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from core.errors import Problem
from events.imports.cells import (
    MISSING,
    Shape,
    is_missing,
    reads_both_ways,
    shape_of,
    unit_of,
)
from events.imports.source import Source

MOST_DISTINCT = 50_000
"""Of one column; of one with more, `distinct` is a lower bound."""
NEARLY_ALL = 0.95
"""This share of a column's cells has to be of a kind; the others are told and count as missing."""
MOST_UNITS = 3
EXAMPLES = 3
TEXT_FROM = 60
"""A column whose texts are longer on average is prose."""
UNIQUE = 0.95
"""A column of which so many texts are different is an id."""
FEWEST_FOR_ID = 20
"""In fewer rows everything differs, or nothing does."""


class Kind(enum.StrEnum):
    NUMBER = "number"
    WORD = "word"
    FLAG = "flag"
    DATE = "date"
    ID = "id"  # different in nearly every row
    EMAIL = "email"
    PERSONAL = "personal"  # names, phones, streets: who it is, not what they are like
    TEXT = "text"
    EMPTY = "empty"
    CONSTANT = "constant"


_PERSONAL = re.compile(
    r"^name$|\b((first|last|full) ?name|surname|phone|mobile|fax|street|address|birth|salutation|"
    r"photo|linkedin|twitter|skype|password)\b"
)
_ID_NAME = re.compile(r"\b(id|uuid|guid|key|number|no|nr|hash)\b")


class Column(msgspec.Struct, kw_only=True):
    """One column. `comma` and `month_first` say how its numbers and dates are written."""

    name: str
    kind: Kind
    rows: int
    missing: float
    """Share of the rows."""
    distinct: int
    examples: tuple[str, ...] = ()
    comma: bool = False
    month_first: bool = False
    ambiguous: bool = False
    """Every date could be read day first as well as month first."""
    unfit: int = 0
    """Cells that are not of the kind: they count as missing."""


class Profile(msgspec.Struct):
    columns: dict[str, Column]
    rows: int
    bad: int
    """Rows whose cells do not fit the header."""
    texts: dict[str, Counter[str]]
    """Of columns with few different texts, how often each comes: for guesses."""


def words_of(name: str) -> str:
    """`LeadSource`, `lead_source` and `Lead  Source` → `lead source`: names as people mean them."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^0-9A-Za-z]+", " ", separated).lower().split())


def profile(source: Source, missing: frozenset[str] = MISSING) -> Profile:
    """DefinitionError if the file breaks off on the way."""
    looks = [_Look() for _ in source.columns]
    rows = bad = 0
    for row in source.rows():
        if isinstance(row, Problem):
            bad += 1
            continue
        rows += 1
        for look, cell in zip(looks, row.cells, strict=True):
            if is_missing(cell, missing):
                look.missing += 1
            else:
                look.take(cell)
    named = list(zip(source.columns, looks, strict=True))
    columns = {name: look.column(name, rows) for name, look in named}
    texts = {name: look.texts for name, look in named if len(look.texts) <= 100}
    return Profile(columns, rows, bad, texts)


class _Look:
    """Counts what one column's cells can be read as."""

    def __init__(self) -> None:
        self.missing = 0
        self.filled = 0
        self.letters = 0
        self.shapes: Counter[Shape] = Counter()
        self.texts: Counter[str] = Counter()
        self.units: Counter[str] = Counter()

    def take(self, text: str) -> None:
        self.filled += 1
        self.letters += len(text)
        shape = shape_of(text)
        self.shapes[shape] += 1
        if shape & (Shape.NUMBER | Shape.COMMA_NUMBER) and not shape & Shape.WHOLE:
            self.units[unit_of(text)] += 1
        if text in self.texts or len(self.texts) < MOST_DISTINCT:
            self.texts[text] += 1

    def of(self, shape: Shape) -> int:
        return sum(count for held, count in self.shapes.items() if held & shape)

    def column(self, name: str, rows: int) -> Column:
        kind = self._kind(name)
        numbers = self.of(Shape.NUMBER), self.of(Shape.COMMA_NUMBER)
        dates = self.of(Shape.DAY_FIRST), self.of(Shape.MONTH_FIRST)
        fit = {
            Kind.NUMBER: max(numbers),
            Kind.DATE: max(dates),
            Kind.FLAG: self.of(Shape.FLAG),
        }.get(kind, self.filled)
        hidden = kind in {Kind.EMAIL, Kind.PERSONAL, Kind.TEXT}
        shown = [] if hidden else self.texts.most_common(EXAMPLES)
        return Column(
            name=name,
            kind=kind,
            rows=rows,
            missing=round(self.missing / rows, 4) if rows else 1.0,
            distinct=len(self.texts),
            examples=tuple(text[:30] for text, _ in shown),
            comma=numbers[1] > numbers[0],
            month_first=dates[1] > dates[0],
            ambiguous=kind is Kind.DATE and dates[0] == dates[1] and self._ambiguous(),
            unfit=self.filled - fit,
        )

    def _ambiguous(self) -> bool:
        return any(reads_both_ways(text) for text in list(self.texts)[:1_000])

    def _kind(self, name: str) -> Kind:
        words, enough = words_of(name), NEARLY_ALL * self.filled
        if not self.filled:
            return Kind.EMPTY
        tests = {
            Kind.EMAIL: self.of(Shape.EMAIL) >= enough,
            Kind.PERSONAL: _PERSONAL.search(words) is not None,
            Kind.CONSTANT: len(self.texts) == 1 and self.filled >= FEWEST_FOR_ID
            and not self.missing,
            Kind.DATE: max(self.of(Shape.DAY_FIRST), self.of(Shape.MONTH_FIRST)) >= enough,
            Kind.FLAG: self.of(Shape.FLAG) >= enough and len(self.texts) <= 6,
        }  # fmt: skip
        found = next((kind for kind, holds in tests.items() if holds), None)
        return found or self._number_or_word(words, enough)

    def _number_or_word(self, words: str, enough: float) -> Kind:
        different = self.filled >= FEWEST_FOR_ID and len(self.texts) >= min(
            UNIQUE * self.filled, MOST_DISTINCT
        )
        numbers = max(self.of(Shape.NUMBER), self.of(Shape.COMMA_NUMBER))
        if numbers >= enough and len(self.units) <= MOST_UNITS:
            whole = self.of(Shape.WHOLE) >= enough
            return Kind.ID if different and whole and _ID_NAME.search(words) else Kind.NUMBER
        if self.letters / self.filled > TEXT_FROM:
            return Kind.TEXT
        return Kind.ID if different else Kind.WORD


def lines(columns: dict[str, Column]) -> Iterator[str]:
    """A table for people: what was decided of each column, and by what."""
    width = min(40, max(map(len, columns)))
    for one in columns.values():
        told = f"{one.name[:40]:{width}}  {one.kind.value:9} {one.missing:>6.1%} missing"
        told += f"  {one.distinct:>6,} different  {', '.join(one.examples)}"
        yield told.rstrip()
