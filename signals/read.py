"""Signals as readers get them: a page, newest first, or what came since a number."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from core.errors import BadRequest, Problem
from signals.tables import SIGNAL
from signals.types import TYPES

LIMIT = 1_000


def page(
    connection: sa.Connection,
    *,
    since: int | None = None,
    owner: str | None = None,
    type: str | None = None,  # noqa: A002 - the contract's name of the parameter
    limit: int = 100,
    cursor: str | None = None,
) -> dict[str, Any]:
    """`{"signals": [CloudEvents, newest first], "next": cursor or null}`.

    `since`: microseconds, UTC, inclusive. `next` leads to the older ones that did not fit: pass it
    as `cursor` with the other filters unchanged. BadRequest names every wrong parameter.
    """
    _check(type, limit, cursor)
    asked = sa.select(SIGNAL.c.number, SIGNAL.c.body).order_by(SIGNAL.c.number.desc())
    for column, wanted in ((SIGNAL.c.owner, owner), (SIGNAL.c.type, type)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    if since is not None:
        asked = asked.where(SIGNAL.c.at >= since)
    if cursor is not None:
        asked = asked.where(SIGNAL.c.number < int(cursor))
    rows = connection.execute(asked.limit(limit + 1)).all()
    more = len(rows) > limit
    return {
        "signals": [msgspec.json.decode(row.body) for row in rows[:limit]],
        "next": str(rows[limit - 1].number) if more else None,
    }


def _check(signal_type: str | None, limit: int, cursor: str | None) -> None:
    problems = []
    if signal_type is not None and signal_type not in TYPES:
        problems.append(Problem("type", f"must be one of {', '.join(TYPES)}"))
    if not 1 <= limit <= LIMIT:
        problems.append(Problem("limit", f"must be from 1 to {LIMIT}"))
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        problems.append(Problem("cursor", "must be the `next` of an earlier page"))
    if problems:
        raise BadRequest("these parameters are wrong", problems=problems)


def after(connection: sa.Connection, number: int, limit: int) -> list[tuple[int, bytes]]:
    """(number, CloudEvent as JSON bytes) of signals stored after `number`, oldest first."""
    asked = (
        sa.select(SIGNAL.c.number, SIGNAL.c.body)
        .where(SIGNAL.c.number > number)
        .order_by(SIGNAL.c.number)
        .limit(limit)
    )
    return [(row.number, row.body) for row in connection.execute(asked)]


def newest(connection: sa.Connection) -> int:
    """The number of the newest signal; 0 when there is none. A stream starts behind it."""
    return connection.execute(sa.select(sa.func.max(SIGNAL.c.number))).scalar() or 0
