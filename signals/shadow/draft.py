"""Which draft shadows: at most one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.clock import to_iso
from core.database import writing
from core.errors import WorkError
from rules import catalog_digest, load_catalog
from signals.shadow.tables import RULE_SHADOW, RULE_SHADOW_LEAD

LONGEST_REASON = 500


class Draft(NamedTuple):
    """Times in microseconds, UTC."""

    id: int
    digest: str
    author: str
    share: int
    """Of the leads, in percent; always the same ones."""
    started_at: int
    stopped_at: int | None
    reason: str | None
    """Why it stopped by itself."""


_COLUMNS = [RULE_SHADOW.c[name] for name in Draft._fields]


def start(
    engine: sa.Engine, files: Mapping[str, str], author: str, at: int, share: int = 100
) -> Draft:
    """DefinitionError with all problems of a broken draft, WorkError while another one runs."""
    load_catalog(files)
    row: dict[str, Any] = {"files": dict(files), "digest": catalog_digest(files)}
    with writing(engine) as connection:
        before = running(connection)
        if before is not None:
            raise WorkError(
                f"draft {before.digest} of {before.author} shadows already, since "
                f"{to_iso(before.started_at)}",
                do="stop it first with `leadline rules shadow stop`",
            )
        connection.execute(sa.delete(RULE_SHADOW_LEAD))
        row |= {"author": author, "share": share, "started_at": at}
        number = connection.execute(
            sa.insert(RULE_SHADOW).values(row).returning(RULE_SHADOW.c.id)
        ).scalar_one()
    return Draft(number, row["digest"], author, share, at, None, None)


def stop(engine: sa.Engine, at: int) -> Draft:
    """The one that was running. WorkError when there was none."""
    with writing(engine) as connection:
        before = running(connection)
        if before is None:
            raise WorkError("no draft shadows", do="start one with `leadline rules shadow start`")
        end(connection, before.id, at, None)
    return before._replace(stopped_at=at)


def end(connection: sa.Connection, number: int, at: int, reason: str | None) -> None:
    """As a part of a transaction; `reason` when it stops by itself."""
    told = reason[:LONGEST_REASON] if reason else None
    connection.execute(
        sa.update(RULE_SHADOW)
        .where(RULE_SHADOW.c.id == number, RULE_SHADOW.c.stopped_at.is_(None))
        .values(stopped_at=at, reason=told)
    )


def running(connection: sa.Connection) -> Draft | None:
    row = connection.execute(
        sa.select(*_COLUMNS)
        .where(RULE_SHADOW.c.stopped_at.is_(None))
        .order_by(RULE_SHADOW.c.id.desc())
        .limit(1)
    ).first()
    return Draft(*row) if row else None


def newest(connection: sa.Connection) -> Draft | None:
    """Running or not."""
    asked = sa.select(*_COLUMNS).order_by(RULE_SHADOW.c.id.desc()).limit(1)
    row = connection.execute(asked).first()
    return Draft(*row) if row else None


def files_of(connection: sa.Connection, number: int) -> dict[str, str]:
    asked = sa.select(RULE_SHADOW.c.files).where(RULE_SHADOW.c.id == number)
    return dict(connection.execute(asked).scalar_one())
