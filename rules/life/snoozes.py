"""Snoozes: a rule passed over for one account, until a date. Ended ones stay, for replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY, to_iso
from core.database import metadata, reading, writing
from core.errors import BadRequest, NotFound, Problem

LONGEST = 366 * DAY
MOST = 10_000
"""Snoozes that run at one time: every process holds them in memory."""

RULE_SNOOZE = sa.Table(
    "rule_snooze",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("rule", sa.String, nullable=False),
    sa.Column("account_id", sa.String, nullable=False, index=True),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("ended_by", sa.String),
)


class Snooze(msgspec.Struct, frozen=True, kw_only=True):
    """The rule counts for nothing from `created_at` until `until`, or until somebody ended it.

    Times in microseconds, UTC.
    """

    number: int
    rule: str
    account_id: str
    until: int
    author: str
    note: str
    created_at: int
    ended_at: int | None = None
    ended_by: str | None = None

    def runs(self, at: int) -> bool:
        return self.created_at <= at < min(self.until, self.ended_at or self.until)


class Snoozed(NamedTuple):
    """Account id → its snoozes: what a process holds, and asks for every lead."""

    by_account: Mapping[str, tuple[Snooze, ...]]

    def of(self, account_id: str | None, at: int) -> frozenset[str]:
        """The rules to be passed over for this account at a moment."""
        found = self.by_account.get(account_id, ()) if account_id else ()
        return frozenset(one.rule for one in found if one.runs(at))


NONE = Snoozed(MappingProxyType({}))

Mark = tuple[int, int]
"""Differs whenever a snooze was begun or ended: how many ever were, and how many were ended."""


def add(
    engine: sa.Engine, rule: str, account_id: str, until: int, author: str, note: str, at: int
) -> Snooze:
    """Snoozes a rule that exists for an account that exists; an earlier snooze of both is replaced.

    BadRequest for an end that is past or more than a year away, or when too many run already.
    """
    if not at < until <= at + LONGEST:
        raise BadRequest(
            "the snooze is not understood",
            problems=[Problem("until", "has to be a moment of the coming 366 days")],
        )
    row: dict[str, Any] = {"rule": rule, "account_id": account_id, "until": until}
    row |= {"author": author, "note": note, "created_at": at}
    with writing(engine) as connection:
        _end(connection, rule, account_id, author, at)
        if _running(connection, at) >= MOST:
            raise BadRequest(
                f"{MOST:,} snoozes run already", do="a rule that is wrong for so many needs an edit"
            )
        numbered = sa.insert(RULE_SNOOZE).values(row).returning(RULE_SNOOZE.c.number)
        return Snooze(number=connection.execute(numbered).scalar_one(), **row)


def end(engine: sa.Engine, rule: str, account_id: str, author: str, at: int) -> None:
    """The rule counts again. NotFound when it is not snoozed for this account."""
    with writing(engine) as connection:
        if not _end(connection, rule, account_id, author, at):
            raise NotFound(
                f"`{rule}` is not snoozed for account {account_id}",
                do="`leadline rules snoozes` lists what is",
            )


def end_number(engine: sa.Engine, number: int, author: str, at: int) -> None:
    """The same by its number. NotFound when no snooze of this number runs."""
    with writing(engine) as connection:
        update = sa.update(RULE_SNOOZE).where(RULE_SNOOZE.c.number == number, _unended(at))
        if not connection.execute(update.values(ended_at=at, ended_by=author)).rowcount:
            raise NotFound(f"no snooze has the number {number}, or it is over")


def _end(connection: sa.Connection, rule: str, account_id: str, author: str, at: int) -> bool:
    pair = (RULE_SNOOZE.c.rule == rule, RULE_SNOOZE.c.account_id == account_id)
    update = sa.update(RULE_SNOOZE).where(*pair, _unended(at))
    return bool(connection.execute(update.values(ended_at=at, ended_by=author)).rowcount)


def running(engine: sa.Engine, at: int) -> list[Snooze]:
    """The snoozes in force at `at`, the next to end first."""
    with reading(engine) as connection:
        found = at_moment(connection, at)
    return sorted(found, key=lambda one: (one.until, one.number))


def at_moment(connection: sa.Connection, at: int) -> list[Snooze]:
    """The snoozes that were in force at a moment, past ones too: what a replay needs."""
    lasted = sa.or_(RULE_SNOOZE.c.ended_at.is_(None), RULE_SNOOZE.c.ended_at > at)
    asked = sa.select(RULE_SNOOZE).where(
        RULE_SNOOZE.c.created_at <= at, RULE_SNOOZE.c.until > at, lasted
    )
    return [_read(row) for row in connection.execute(asked)]


def mark(connection: sa.Connection) -> Mark:
    """Cheap: asked by every process once a second."""
    asked = sa.select(sa.func.count(), sa.func.count(RULE_SNOOZE.c.ended_at))
    row = connection.execute(asked.select_from(RULE_SNOOZE)).one()
    return row[0], row[1]


def load(connection: sa.Connection) -> Snoozed:
    """All that nobody ended; those whose time is over count for nothing by themselves."""
    rows = connection.execute(sa.select(RULE_SNOOZE).where(RULE_SNOOZE.c.ended_at.is_(None)))
    return group([_read(row) for row in rows])


def group(snoozes: Sequence[Snooze]) -> Snoozed:
    by_account: dict[str, tuple[Snooze, ...]] = {}
    for one in snoozes:
        by_account[one.account_id] = (*by_account.get(one.account_id, ()), one)
    return Snoozed(by_account)


def _unended(at: int) -> sa.ColumnElement[bool]:
    return sa.and_(RULE_SNOOZE.c.ended_at.is_(None), RULE_SNOOZE.c.until > at)


def _running(connection: sa.Connection, at: int) -> int:
    asked = sa.select(sa.func.count()).select_from(RULE_SNOOZE).where(_unended(at))
    return connection.execute(asked).scalar() or 0


def _read(row: Any) -> Snooze:
    return Snooze(**row._mapping)


def told(snooze: Snooze) -> dict[str, object]:
    """A snooze that runs, as JSON: times in ISO 8601."""
    return {
        "number": snooze.number,
        "rule": snooze.rule,
        "account_id": snooze.account_id,
        "until": to_iso(snooze.until),
        "author": snooze.author,
        "note": snooze.note,
        "created_at": to_iso(snooze.created_at),
    }
