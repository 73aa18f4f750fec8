"""A row under a mapping → what it tells of a lead and of its deal, or all that is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from core.clock import DAY, from_iso
from core.crypto import sha256_hex
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
from events.imports.mapping import attributes
from events.imports.plan import Outcome, Plan, When
from events.imports.profile import Column
from events.imports.source import Row, Source
from events.intake.identifiers import LONGEST as LONGEST_ID
from events.intake.identifiers import normal_email
from events.intake.timing import EARLIEST

FROM = from_iso("2000-01-01")
assert FROM == EARLIEST  # noqa: S101 - the door for history refuses what lies before


class Deal(msgspec.Struct, array_like=True):
    """How a row's deal stands. `closed_at` None: it is decided, and the file does not say when."""

    deal_id: str
    end: str
    closed_at: int | None = None
    value: float | None = None
    currency: str | None = None


class Told(msgspec.Struct, array_like=True):
    """What one row tells, before it is compared with what is known. Times in microseconds, UTC."""

    line: int
    crm_id: str
    external: str | None = None
    """The CRM id that the messages carry: a deal found by email or user id carries none."""
    email: str | None = None
    user_id: str | None = None
    created_at: int | None = None
    dated: bool = False
    """The row has its own date of creation; else one date was told for all rows."""
    account: str | None = None
    owner: str | None = None
    facts: dict[str, str] = {}
    values: dict[str, Value] = {}
    dates: dict[str, int] = {}
    """Attributes that are dates: they become days since the creation."""
    deal: Deal | None = None


class Reader:
    """Reads the rows of one file. `unfit` counts the cells that were not of their column's kind."""

    def __init__(self, source: Source, plan: Plan, columns: Mapping[str, Column], now: int) -> None:
        self._source = source
        self._plan = plan
        self._now = now
        self._blanks = plan.blanks
        self._place = {name: at for at, name in enumerate(source.columns)}
        self._seen = columns
        self.attributes = attributes(plan, columns)
        self._parsers = [
            (self._place[column], column, name, kind, self._parser(column, kind))
            for column, (name, kind) in self.attributes.items()
        ]
        self.unfit: Counter[str] = Counter()
        self._copies: Counter[str] = Counter()

    def lead(self, row: Row) -> Told | list[Problem]:
        """Everything that the mapping has a meaning for."""
        problems: list[Problem] = []
        told = self._who(row, problems)
        told.external = told.crm_id
        created = self._plan.created
        told.dated = created is not None and created.column is not None
        if created is not None:
            told.created_at = self._moment(row, created, problems, end=False)
            if told.created_at is None and told.dated and not problems:
                problems.append(self._problem(row, created.column, "is missing"))
        told.account = self._text(row, self._plan.account)
        told.owner = self._text(row, self._plan.owner)
        for name, column in self._plan.facts.items():
            if word := self._text(row, column):
                told.facts[name] = word[:LONGEST]
        self._read_values(row, told)
        if self._plan.outcome is not None:
            told.deal = self._deal(row, self._plan.outcome, told.crm_id, problems)
        return problems or told

    def outcome(self, row: Row) -> Told | list[Problem]:
        """Whose deal, and how it ended; nothing else of the row."""
        problems: list[Problem] = []
        told = self._who(row, problems)
        assert self._plan.outcome is not None  # noqa: S101 - `check` has looked
        told.deal = self._deal(row, self._plan.outcome, told.crm_id, problems)
        return problems or told

    def _who(self, row: Row, problems: list[Problem]) -> Told:
        who = self._plan.lead
        crm_id, user_id = self._text(row, who.crm_id), self._text(row, who.user_id)
        email = None
        if (said := self._text(row, who.email)) is not None:
            email = normal_email(said)
            if email is None:
                self.unfit[who.email or ""] += 1
        for column, value in ((who.crm_id, crm_id), (who.user_id, user_id)):
            if value is not None and len(value) > LONGEST_ID:
                problems.append(self._problem(row, column, f"is longer than {LONGEST_ID} letters"))
        name = self._id(row, crm_id, user_id, email, problems)
        return Told(row.line, name, crm_id, email, user_id)

    def _id(
        self,
        row: Row,
        crm_id: str | None,
        user_id: str | None,
        email: str | None,
        problems: list[Problem],
    ) -> str:
        """The CRM's id, or one that the same person, or the same row, gets at every import."""
        if crm_id:
            return crm_id
        if user_id:
            return f"user:{user_id}"
        if email:
            return f"email:{sha256_hex(email)[:32]}"
        if self._plan.without_id == "refuse":
            asked = [one for one in (self._plan.lead.crm_id, self._plan.lead.email) if one]
            problems.append(
                Problem(self._source.place(row.line), f"names no lead ({', '.join(asked)} missing)")
            )
        content = hashlib.sha256("\x1f".join(row.cells).encode()).hexdigest()[:32]
        self._copies[content] += 1
        return f"row:{content}:{self._copies[content]}"

    def _read_values(self, row: Row, told: Told) -> None:
        for at, column, name, kind, parse in self._parsers:
            text = row.cells[at]
            if is_missing(text, self._blanks):
                told.values[name] = None
                continue
            value = parse(text)
            if value is None:
                self.unfit[column] += 1
            if kind is ColumnKind.DATE and isinstance(value, int):
                told.dates[name] = value
            else:
                told.values[name] = value

    def _parser(self, column: str, kind: ColumnKind) -> Callable[[str], Value]:
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

    def _deal(self, row: Row, plan: Outcome, crm_id: str, problems: list[Problem]) -> Deal | None:
        deal_id = self._text(row, plan.deal_id) if plan.deal_id else f"lead:{crm_id}"
        if deal_id is None:
            problems.append(self._problem(row, plan.deal_id, "is missing"))
            return None
        end = self._end(row, plan, problems)
        if end is None or end == "open":
            return Deal(deal_id, "open")
        closed_at = None
        if plan.closed is not None:
            closed_at = self._moment(row, plan.closed, problems, end=True)
        value, currency = self._worth(row, plan)
        return Deal(deal_id, end, closed_at, value, currency)

    def _worth(self, row: Row, plan: Outcome) -> tuple[float | None, str | None]:
        if (text := self._text(row, plan.value)) is None:
            return None, None
        value = number_of(text, comma=self._seen[plan.value or ""].comma)
        if value is None:
            self.unfit[plan.value or ""] += 1
        return value, self._text(row, plan.currency)

    def _end(self, row: Row, plan: Outcome, problems: list[Problem]) -> str | None:
        status = plan.status
        if status.all is not None:
            return status.all
        word = self._text(row, status.column)
        if word is None:
            return "open"
        for end in ("won", "lost", "open"):
            if word.lower() in {one.strip().lower() for one in getattr(status, end)}:
                return end
        problems.append(self._problem(row, status.column, f"{word[:40]!r} is in no list"))
        return None

    def _moment(self, row: Row, when: When, problems: list[Problem], *, end: bool) -> int | None:
        """None, without a problem, where the cell is empty."""
        zone = zone_named(when.zone)
        if when.day is not None:
            return moment_of(when.day, zone=zone, end=end)
        text = self._text(row, when.column)
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
            problems.append(self._problem(row, when.column, f"{text[:40]!r} is no date"))
        elif not FROM <= at <= latest:
            told = "lies in the future" if at > latest else "lies before the year 2000"
            problems.append(self._problem(row, when.column, f"{text[:40]!r} {told}"))
        else:
            return at
        return None

    def _text(self, row: Row, column: str | None) -> str | None:
        if column is None:
            return None
        text = row.cells[self._place[column]]
        return None if is_missing(text, self._blanks) else text

    def _problem(self, row: Row, column: str | None, told: str) -> Problem:
        return Problem(self._source.place(row.line), f"{column}: {told}")
