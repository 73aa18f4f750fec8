"""The cells of a row by their column's name, read as the plan and the column's profile say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from core.clock import DAY, from_iso
from core.errors import Problem
from events.attributes import LONGEST, ColumnKind, Value
from events.imports.cells import (
    epoch_of,
    flag_of,
    is_missing,
    moment_of,
    number_of,
    zone_named,
)
from events.imports.plan import When
from events.imports.profile import Column
from events.imports.source import Row, Source
from events.intake.timing import EARLIEST

FROM = from_iso("2000-01-01")
assert FROM == EARLIEST  # noqa: S101 - the door for history refuses what lies before


class Sight:
    """What each part of a row's reading sees it through.

    `place` is where each column stands; `unfit` counts the cells that were not of their column's
    kind. `now` in microseconds, UTC.
    """

    def __init__(
        self, source: Source, blanks: frozenset[str], columns: Mapping[str, Column], now: int
    ) -> None:
        self._source = source
        self._blanks = blanks
        self._seen = columns
        self._now = now
        self.place = {name: at for at, name in enumerate(source.columns)}
        self.unfit: Counter[str] = Counter()

    def is_missing(self, text: str) -> bool:
        return is_missing(text, self._blanks)

    def text(self, row: Row, column: str | None) -> str | None:
        """None for a cell, or a column, that is not there."""
        if column is None:
            return None
        text = row.cells[self.place[column]]
        return None if self.is_missing(text) else text

    def number(self, row: Row, column: str | None) -> float | None:
        if column is None or (text := self.text(row, column)) is None:
            return None
        value = number_of(text, comma=self._seen[column].comma)
        if value is None:
            self.unfit[column] += 1
        return value

    def moment(self, row: Row, when: When, problems: list[Problem], *, end: bool) -> int | None:
        """None, without a problem, where the cell is empty."""
        zone = zone_named(when.zone)
        if when.day is not None:
            return moment_of(when.day, zone=zone, end=end)
        text = self.text(row, when.column)
        if text is None:
            return None
        match when.format:
            case "epoch_s" | "epoch_ms":
                at = epoch_of(text, 1 if when.format == "epoch_s" else 1_000)
            case "auto":
                month_first = self._seen[when.column or ""].month_first
                at = moment_of(text, day_first=not month_first, zone=zone, end=end)
            case _:
                at = moment_of(text, day_first=when.format == "day_first", zone=zone, end=end)
        # The last instant of today has not come yet, and yet it closed today.
        latest = self._now + DAY if end else self._now
        if at is None:
            problems.append(self.problem(row, when.column, f"{text[:40]!r} is no date"))
        elif not FROM <= at <= latest:
            told = "lies in the future" if at > latest else "lies before the year 2000"
            problems.append(self.problem(row, when.column, f"{text[:40]!r} {told}"))
        else:
            return at
        return None

    def parser(self, column: str, kind: ColumnKind) -> Callable[[str], Value]:
        """How the text of one of its cells becomes a value; None from it for what does not fit."""
        seen = self._seen[column]
        match kind:
            case ColumnKind.NUMBER:
                return lambda text: number_of(text, comma=seen.comma)
            case ColumnKind.FLAG:
                return flag_of
            case ColumnKind.DATE:
                return lambda text: moment_of(text, day_first=not seen.month_first)
            case ColumnKind.WORD:
                return lambda text: " ".join(text.split())[:LONGEST]

    def problem(self, row: Row, column: str | None, told: str) -> Problem:
        return Problem(self._source.place(row.line), f"{column}: {told}")
