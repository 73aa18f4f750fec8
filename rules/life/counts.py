"""How often each rule was looked at and hit, per UTC day and rules version.

The worker adds a batch's counts in the batch's own transaction, so a batch that is run again after
a crash is counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from core.clock import DAY
from core.database import metadata, upsert

KEPT_DAYS = 400

RULE_COUNT = sa.Table(
    "rule_count",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True),  # days since 1970-01-01, UTC
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("rule", sa.String, primary_key=True),
    sa.Column("evaluated", sa.BigInteger, nullable=False),
    sa.Column("hits", sa.BigInteger, nullable=False),
    sa.Column("last_hit_at", sa.BigInteger, nullable=False),  # microseconds, UTC; 0 for never
)


class Counted(NamedTuple):
    """Sums over days and versions."""

    evaluated: int
    hits: int
    last_hit_at: int | None


class Counts:
    """Of one batch: filled while it is judged, added to the record when it is committed."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._evaluated: Counter[tuple[int, str]] = Counter()
        self._hits: Counter[tuple[int, str]] = Counter()

    def looked_at(self, version: int, rules: Iterable[str], times: int = 1) -> None:
        for rule in rules:
            self._evaluated[version, rule] += times

    def passed_over(self, version: int, rules: Iterable[str]) -> None:
        """Counted as looked at, and was not: snoozed."""
        self.looked_at(version, rules, -1)

    def hit(self, version: int, rules: Iterable[str]) -> None:
        self._hits.update((version, rule) for rule in rules)

    def save(self, connection: sa.Connection) -> None:
        rows = [
            {
                "day": self._at // DAY,
                "version": version,
                "rule": rule,
                "evaluated": evaluated,
                "hits": self._hits[version, rule],
                "last_hit_at": self._at if self._hits[version, rule] else 0,
            }
            for (version, rule), evaluated in self._evaluated.items()
        ]
        upsert(RULE_COUNT, connection, rows, added=("evaluated", "hits"), latest=("last_hit_at",))


def counted(connection: sa.Connection, since_day: int) -> dict[str, Counted]:
    """Rule → its sums from a day (since 1970-01-01, UTC) on, whichever version it stood in.

    `last_hit_at` looks back as far as counts are kept.
    """
    columns = RULE_COUNT.c
    recent = columns.day >= since_day
    asked = sa.select(
        columns.rule,
        sa.func.sum(sa.case((recent, columns.evaluated), else_=0)),
        sa.func.sum(sa.case((recent, columns.hits), else_=0)),
        sa.func.max(columns.last_hit_at),
    ).group_by(columns.rule)
    return {
        rule: Counted(int(evaluated), int(hits), int(last) or None)
        for rule, evaluated, hits, last in connection.execute(asked)
    }


def first_day(connection: sa.Connection) -> int | None:
    """The earliest day of which there are counts."""
    day: int | None = connection.execute(sa.select(sa.func.min(RULE_COUNT.c.day))).scalar()
    return day


def prune(connection: sa.Connection, now: int) -> int:
    """Forgets days older than 400. Returns how many rows that were."""
    old = RULE_COUNT.c.day < now // DAY - KEPT_DAYS
    return connection.execute(sa.delete(RULE_COUNT).where(old)).rowcount
