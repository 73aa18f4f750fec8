"""The trainings that `leadline retrain` began: why, and what was decided of the model.

Nothing depends on a row but the next look whether it is time; what serves is told by the release.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec
import sqlalchemy as sa

from core.database import metadata

RETRAINING = sa.Table(
    "retraining",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("began_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("why", sa.String, nullable=False),
    sa.Column("outcomes", sa.Integer, nullable=False),  # ends of deals that were known by then
    sa.Column("decision", sa.String),
    sa.Column("version", sa.String),
    sa.Column("told", sa.String),  # the reasons of the decision, or what went wrong
)
KEPT = 1_000


class Decision(enum.StrEnum):
    """What became of a model."""

    PROMOTED = "promoted"
    """It is the champion."""
    CHALLENGER = "challenger"
    """Not shown to be better: it carries the alias, for an experiment."""
    REFUSED = "refused"
    """A gate failed; it is registered, without an alias."""
    HELD = "held"
    """It passed while an experiment ran, whose arms are not changed under it."""
    FAILED = "failed"
    """No model came of it, or none that was judged."""


class Retraining(msgspec.Struct, frozen=True):
    """Times in microseconds, UTC; `decision` is None while it runs, or if it died."""

    number: int
    began_at: int
    ended_at: int | None
    why: str
    outcomes: int
    decision: Decision | None
    version: str | None
    told: str | None


def begin(connection: sa.Connection, at: int, why: str, outcomes: int) -> int:
    """Writes the next one down and returns its number. What died before is told as failed."""
    died = RETRAINING.c.decision.is_(None)
    ended = {"decision": Decision.FAILED, "told": "its process ended before it was done"}
    connection.execute(sa.update(RETRAINING).where(died).values(ended_at=at, **ended))
    newest = connection.execute(sa.select(sa.func.max(RETRAINING.c.number))).scalar() or 0
    connection.execute(sa.delete(RETRAINING).where(RETRAINING.c.number <= newest - KEPT))
    row = {"number": newest + 1, "began_at": at, "why": why, "outcomes": outcomes}
    connection.execute(sa.insert(RETRAINING), [row])
    return newest + 1


def end(
    connection: sa.Connection,
    number: int,
    at: int,
    decision: Decision,
    version: str | None,
    told: str,
) -> None:
    """What was decided, of which version, and why."""
    changes = {"ended_at": at, "decision": decision, "version": version, "told": told}
    mine = RETRAINING.c.number == number
    connection.execute(sa.update(RETRAINING).where(mine).values(**changes))


def newest(connection: sa.Connection, most: int = 10) -> list[Retraining]:
    """The last ones, newest first."""
    rows = connection.execute(
        sa.select(RETRAINING).order_by(RETRAINING.c.number.desc()).limit(most)
    )
    return [_read(row) for row in rows]


def _read(row: sa.Row[Any]) -> Retraining:
    told = dict(zip(Retraining.__struct_fields__, row, strict=True))
    return msgspec.convert(told, Retraining)
