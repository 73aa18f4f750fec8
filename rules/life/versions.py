"""Versions of the rules: what was published, by whom, when and why. A version never changes."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from core import release
from core.clock import to_iso
from core.database import reading
from core.errors import NotFound
from core.release import RELEASE, RULE_VERSION
from rules.catalog import read_catalog
from rules.life.difference import Diff

SHIPPED = "shipped"
"""Source and author of the catalogs that come with the program."""


class Since(msgspec.Struct, frozen=True):
    """Who put the rules that are in force there, when and why."""

    author: str
    at: int
    reason: str
    again: bool
    """By a rollback: they had been in force before."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a version but its files."""

    number: int
    digest: str
    author: str
    note: str
    published_at: int
    """Microseconds, UTC."""
    source: str | None
    """shipped, cli or api; None of those that older programs published."""
    parent: int | None
    """The version that was in force when this one was published; None for the first."""
    in_force: bool
    since: Since | None
    """Of the version in force alone."""
    diff: Diff | None
    """What it changed against its parent; None where there is none to compare with."""


_AUTHOR = sa.select(RULE_VERSION.c.author)
"""Of a version: older programs did not note who made a release."""
_COLUMNS = [column for column in RULE_VERSION.c if column.name != "files"]


def history(
    engine: sa.Engine, limit: int | None = None, before: int | None = None
) -> list[Version]:
    """Versions, newest first: at most `limit`, and only those numbered below `before`."""
    asked = sa.select(*_COLUMNS).order_by(RULE_VERSION.c.version.desc()).limit(limit)
    if before is not None:
        asked = asked.where(RULE_VERSION.c.version < before)
    with reading(engine) as connection:
        live = _live(connection)
        return [_read(row, *live) for row in connection.execute(asked)]


def read_version(engine: sa.Engine, number: int) -> Version:
    """NotFound when nothing was published under this number."""
    asked = sa.select(*_COLUMNS).where(RULE_VERSION.c.version == number)
    with reading(engine) as connection:
        live = _live(connection)
        row = connection.execute(asked).first()
    if row is None:
        raise _unknown(number)
    return _read(row, *live)


def live_version(engine: sa.Engine) -> int:
    """The number of the version in force; 0 while only the shipped catalog was ever there."""
    return release.current(engine).rules_version


def version_files(engine: sa.Engine, number: int) -> dict[str, str]:
    """File name → text; version 0 is the catalog that comes with the program. NotFound."""
    if number == 0:
        return read_catalog()
    try:
        return release.rule_files(engine, number)
    except KeyError:
        raise _unknown(number) from None


def in_force_since(connection: sa.Connection) -> Since | None:
    """The release that brought the rules in force; later ones only changed the model."""
    live = release.read_current(connection).rules_version
    other = sa.select(sa.func.coalesce(sa.func.max(RELEASE.c.number), 0))
    began = other.where(RELEASE.c.rules_version != live).scalar_subquery()
    first = sa.select(RELEASE).where(RELEASE.c.number > began).order_by(RELEASE.c.number).limit(1)
    row = connection.execute(first).first()
    if row is None or not live:
        return None
    earlier = sa.select(RELEASE.c.number).where(
        RELEASE.c.rules_version == live, RELEASE.c.number < row.number
    )
    again = connection.execute(earlier.limit(1)).first() is not None
    author = (
        row.author or connection.execute(_AUTHOR.where(RULE_VERSION.c.version == live)).scalar()
    )
    return Since(author or "somebody", row.made_at, row.reason, again)


def _unknown(number: int) -> NotFound:
    return NotFound(
        f"there are no rules of version {number}", do="`leadline rules history` has all"
    )


def _live(connection: sa.Connection) -> tuple[int, Since | None]:
    return release.read_current(connection).rules_version, in_force_since(connection)


def told(version: Version) -> dict[str, Any]:
    """A version as JSON: times in ISO 8601; `summary` is its difference in a line."""
    fields = msgspec.to_builtins(version)
    if version.since is not None:
        fields["since"]["at"] = to_iso(version.since.at)
    summary = None if version.diff is None else version.diff.summary()
    return {**fields, "published_at": to_iso(version.published_at), "summary": summary}


def _read(row: Any, live: int, since: Since | None) -> Version:
    return Version(
        number=row.version,
        digest=row.digest,
        author=row.author,
        note=row.note,
        published_at=row.published_at,
        source=row.source,
        parent=row.parent,
        in_force=row.version == live,
        since=since if row.version == live else None,
        diff=None if row.diff is None else msgspec.convert(row.diff, Diff),
    )
