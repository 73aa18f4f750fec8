"""Drafts: catalogs that are being written over the API. Each has a name; nothing scores by them.

A revision counts the writes of one draft. Whoever writes names the revision they read, so nobody's
edit is lost to somebody who did not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from core import release
from core.database import metadata, reading, writing
from core.errors import Conflict, NotFound, WorkError
from rules.life.publish import Edit, Published, prove, put_in_force

MOST = 100

RULE_DRAFT = sa.Table(
    "rule_draft",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("files", sa.JSON, nullable=False),  # file name → text
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    files: dict[str, str]
    base: int
    """The version that was in force when the draft was begun, or that it last became."""
    revision: int
    """1 at first."""
    author: str
    """Of the last write."""
    changed_at: int
    """Microseconds, UTC."""


def read_draft(engine: sa.Engine, name: str) -> Draft:
    """NotFound when there is none of this name."""
    with reading(engine) as connection:
        return _read(connection, name)


def list_drafts(engine: sa.Engine) -> list[Draft]:
    """All of them, by name."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(RULE_DRAFT).order_by(RULE_DRAFT.c.name))
        return [Draft(**row._mapping) for row in rows]


def save_draft(
    engine: sa.Engine,
    name: str,
    files: Mapping[str, str],
    revision: int | None,
    author: str,
    at: int,
) -> Draft:
    """Writes a draft as a whole. `revision` is the one that was read; None or 0 begins a new one.

    Conflict when somebody wrote it meanwhile. A new one is based on the version in force.
    WorkError when there are too many.
    """
    with writing(engine) as connection:
        held = _find(connection, name)
        _refuse_late(name, held, revision)
        if held is None:
            _refuse_many(connection)
        draft = Draft(
            name=name,
            files=dict(files),
            base=held.base if held else release.read_current(connection).rules_version,
            revision=held.revision + 1 if held else 1,
            author=author,
            changed_at=at,
        )
        row = msgspec.structs.asdict(draft)
        if held is None:
            connection.execute(sa.insert(RULE_DRAFT), [row])
        else:
            connection.execute(sa.update(RULE_DRAFT).where(RULE_DRAFT.c.name == name).values(row))
        return draft


def drop_draft(engine: sa.Engine, name: str, revision: int | None) -> None:
    """Forgets a draft; with a `revision` only if nobody wrote it since. NotFound, Conflict."""
    with writing(engine) as connection:
        held = _read(connection, name)
        if revision is not None:
            _refuse_late(name, held, revision)
        connection.execute(sa.delete(RULE_DRAFT).where(RULE_DRAFT.c.name == name))


def publish_draft(
    engine: sa.Engine, name: str, expected: int | None, author: str, note: str, at: int
) -> Published:
    """`publish` of a draft; without `expected` of the version that it began from.

    The draft stays, and is from then on based on the version that it became: publishing it again
    changes nothing. Conflict as well when somebody wrote the draft while it was being proven.
    """
    draft = read_draft(engine, name)
    prove(draft.files)

    def rebase(connection: sa.Connection, version: int) -> None:
        _refuse_late(name, _find(connection, name), draft.revision)
        based = sa.update(RULE_DRAFT).where(RULE_DRAFT.c.name == name).values(base=version)
        connection.execute(based)

    edit = Edit(draft.files, author, note, "api")
    return put_in_force(engine, edit, draft.base if expected is None else expected, at, rebase)


def _find(connection: sa.Connection, name: str) -> Draft | None:
    row: Any = connection.execute(sa.select(RULE_DRAFT).where(RULE_DRAFT.c.name == name)).first()
    return None if row is None else Draft(**row._mapping)


def _read(connection: sa.Connection, name: str) -> Draft:
    found = _find(connection, name)
    if found is None:
        raise NotFound(f"there is no draft `{name}`", do="GET /v1/rules/drafts has all")
    return found


def _refuse_late(name: str, held: Draft | None, revision: int | None) -> None:
    if (held.revision if held else 0) == (revision or 0):
        return
    if held is None:
        raise Conflict(f"the draft `{name}` is gone", do="begin it again without a revision")
    raise Conflict(
        f"revision {held.revision} of the draft `{name}` was written by {held.author}",
        do="read it, take it into yours, and send its revision along",
    )


def _refuse_many(connection: sa.Connection) -> None:
    count = connection.execute(sa.select(sa.func.count()).select_from(RULE_DRAFT)).scalar() or 0
    if count >= MOST:
        raise WorkError(f"there are {count} drafts", do="delete some that nobody needs")
