"""What a mapping says: a struct for each of its parts, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from events.imports.cells import MISSING

Attribute = Literal["number", "word", "flag", "date", "ignore"]
FACTS = ("source", "channel", "title", "seniority", "role", "buyer_role")
"""What the shipped rules know of a person, and a column may tell."""


class Declared(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a mapping: unknown keys are refused, defaults left out when it is written."""


class File(Declared):
    encoding: str | None = None
    delimiter: str | None = None


class Who(Declared):
    """Columns that say whose row it is. One is enough; the CRM's id is the best."""

    crm_id: str | None = None
    email: str | None = None
    user_id: str | None = None


Format = Literal["auto", "day_first", "month_first", "epoch_s", "epoch_ms"]


class When(Declared):
    """A moment: a column of the file, or one date (`day`) for all rows of a file without dates.

    `format` is auto, day_first, month_first, epoch_s or epoch_ms; `zone` that of times without one.
    """

    column: str | None = None
    day: str | None = None
    format: Format = "auto"
    zone: str = "UTC"


class Status(Declared):
    """How it ended: words of a column, or the same end for `all` rows. A word that is in no list
    is a mistake of the row; an empty cell is open.
    """

    column: str | None = None
    won: list[str] = []
    lost: list[str] = []
    open: list[str] = []
    all: Literal["won", "lost"] | None = None


class Outcome(Declared):
    """The deal of a row. Without `deal_id` a lead has one deal at most."""

    status: Status
    deal_id: str | None = None
    closed: When | None = None
    value: str | None = None
    currency: str | None = None


class Plan(Declared):
    """The whole mapping."""

    file: File = msgspec.field(default_factory=File)
    lead: Who = msgspec.field(default_factory=Who)
    created: When | None = None
    account: str | None = None
    owner: str | None = None
    facts: dict[str, str] = {}
    outcome: Outcome | None = None
    columns: dict[str, Attribute] = {}
    missing: list[str] = []
    """Words that mean nothing here, besides the usual ones (`cells.MISSING`)."""
    without_id: Literal["refuse", "keep"] = "refuse"
    new_leads: bool = True
    """False: the file only tells more of leads that are known already."""

    @property
    def blanks(self) -> frozenset[str]:
        return MISSING | {word.strip().lower() for word in self.missing}


def named(plan: Plan) -> Iterator[tuple[str, str]]:
    """(where, column) for each column that the mapping gives a meaning."""
    for key in ("crm_id", "email", "user_id"):
        if column := getattr(plan.lead, key):
            yield f"lead.{key}", column
    if plan.created and plan.created.column:
        yield "created", plan.created.column
    for key in ("account", "owner"):
        if column := getattr(plan, key):
            yield key, column
    yield from ((f"facts.{name}", column) for name, column in plan.facts.items())
    if plan.outcome is not None:
        yield from _named_outcome(plan.outcome)


def _named_outcome(outcome: Outcome) -> Iterator[tuple[str, str]]:
    if outcome.status.column:
        yield "outcome.status", outcome.status.column
    if outcome.closed and outcome.closed.column:
        yield "outcome.closed", outcome.closed.column
    for key in ("deal_id", "value", "currency"):
        if column := getattr(outcome, key):
            yield f"outcome.{key}", column
