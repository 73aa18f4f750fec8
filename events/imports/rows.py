"""A row under a mapping → what it tells of a lead and of its deal, or all that is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

from core.crypto import sha256_hex
from core.errors import Problem
from events.attributes import LONGEST, ColumnKind
from events.imports.deals import DealReader
from events.imports.mapping import attributes
from events.imports.plan import Plan
from events.imports.profile import Column
from events.imports.sight import Sight
from events.imports.source import Row, Source
from events.imports.told import Told
from events.intake.identifiers import LONGEST as LONGEST_ID
from events.intake.identifiers import normal_email


class Reader:
    """Reads the rows of one file. `unfit` counts the cells that were not of their column's kind."""

    def __init__(self, source: Source, plan: Plan, columns: Mapping[str, Column], now: int) -> None:
        self._source = source
        self._plan = plan
        self._sight = sight = Sight(source, plan.blanks, columns, now)
        self._deals = None if plan.outcome is None else DealReader(plan.outcome, sight)
        self.attributes = attributes(plan, columns)
        self._parsers = [
            (sight.place[column], column, name, kind, sight.parser(column, kind))
            for column, (name, kind) in self.attributes.items()
        ]
        self.unfit = sight.unfit
        self._copies: Counter[str] = Counter()

    def lead(self, row: Row) -> Told | list[Problem]:
        """Everything that the mapping has a meaning for."""
        problems: list[Problem] = []
        told = self._who(row, problems)
        told.external = told.crm_id
        created = self._plan.created
        told.dated = created is not None and created.column is not None
        if created is not None:
            told.created_at = self._sight.moment(row, created, problems, end=False)
            if told.created_at is None and told.dated and not problems:
                problems.append(self._sight.problem(row, created.column, "is missing"))
        told.account = self._sight.text(row, self._plan.account)
        told.owner = self._sight.text(row, self._plan.owner)
        for name, column in self._plan.facts.items():
            if word := self._sight.text(row, column):
                told.facts[name] = word[:LONGEST]
        self._read_values(row, told)
        if self._deals is not None:
            told.deal = self._deals.deal(row, told.crm_id, problems)
        return problems or told

    def outcome(self, row: Row) -> Told | list[Problem]:
        """Whose deal, and how it ended; nothing else of the row."""
        problems: list[Problem] = []
        told = self._who(row, problems)
        assert self._deals is not None  # noqa: S101 - `check` has looked
        told.deal = self._deals.deal(row, told.crm_id, problems)
        return problems or told

    def _who(self, row: Row, problems: list[Problem]) -> Told:
        who = self._plan.lead
        crm_id, user_id = self._sight.text(row, who.crm_id), self._sight.text(row, who.user_id)
        email = None
        if (said := self._sight.text(row, who.email)) is not None:
            email = normal_email(said)
            if email is None:
                self.unfit[who.email or ""] += 1
        for column, value in ((who.crm_id, crm_id), (who.user_id, user_id)):
            if value is not None and len(value) > LONGEST_ID:
                problems.append(
                    self._sight.problem(row, column, f"is longer than {LONGEST_ID} letters")
                )
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
            if self._sight.is_missing(text):
                told.values[name] = None
                continue
            value = parse(text)
            if value is None:
                self.unfit[column] += 1
            if kind is ColumnKind.DATE and isinstance(value, int):
                told.dates[name] = value
            else:
                told.values[name] = value
