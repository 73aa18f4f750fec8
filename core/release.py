"""What is in force: one row, the authority that every process polls.

A score is made from one release: a version of the rules, a version of the model (or none yet).
What a version consists of lies in `rule_version` and in the folder `releases/<name>-<version>/`.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.database import metadata, reading, upsert, writing

RELEASE = sa.Table(
    "release",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("rules_version", sa.Integer, nullable=False),
    sa.Column("model_name", sa.String),
    sa.Column("model_version", sa.String),
    sa.Column("experiment", sa.String),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)

RULE_VERSION = sa.Table(
    "rule_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),  # file name → text
    sa.Column("author", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("published_at", sa.BigInteger, nullable=False),
)


class Release(msgspec.Struct, frozen=True):
    """Immutable; a new edit of rules, a promotion or an experiment makes the next one."""

    number: int = 0
    rules_version: int = 0
    model_name: str | None = None
    model_version: str | None = None
    experiment: str | None = None


def current(engine: sa.Engine) -> Release:
    """The release in force; number 0 when nothing was ever published."""
    with reading(engine) as connection:
        return _current(connection)


def _current(connection: sa.Connection) -> Release:
    columns = [RELEASE.c[name] for name in Release.__struct_fields__]
    newest = sa.select(*columns).order_by(RELEASE.c.number.desc()).limit(1)
    row = connection.execute(newest).first()
    return Release(*row) if row else Release()


def make(engine: sa.Engine, at: int, reason: str, **changes: str | int | None) -> Release:
    """The next release: the current one with `changes`. Makes none if nothing changes."""
    with writing(engine) as connection:
        before = _current(connection)
        after = msgspec.structs.replace(before, **changes)
        if after == before:
            return before
        after = msgspec.structs.replace(after, number=before.number + 1)
        row = {**msgspec.structs.asdict(after), "made_at": at, "reason": reason}
        upsert(RELEASE, connection, [row])
        return after


def rule_files(engine: sa.Engine, version: int) -> dict[str, str]:
    """The catalog of one rules version: file name → text. KeyError for an unknown version."""
    with reading(engine) as connection:
        files = connection.execute(
            sa.select(RULE_VERSION.c.files).where(RULE_VERSION.c.version == version)
        ).scalar()
    if files is None:
        raise KeyError(version)
    return dict(files)


def add_rules(
    engine: sa.Engine, files: dict[str, str], digest: str, author: str, note: str, at: int
) -> int:
    """Stores a catalog as the next version, unless it equals the newest one. Returns its number."""
    with writing(engine) as connection:
        newest = connection.execute(
            sa.select(RULE_VERSION.c.version, RULE_VERSION.c.digest)
            .order_by(RULE_VERSION.c.version.desc())
            .limit(1)
        ).first()
        if newest is not None and newest.digest == digest:
            return int(newest.version)
        version = (newest.version if newest else 0) + 1
        row = {"version": version, "digest": digest, "files": files}
        row |= {"author": author, "note": note, "published_at": at}
        upsert(RULE_VERSION, connection, [row])
        return version
