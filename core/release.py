"""What is in force: one row, the authority that every process polls.

A score is made from one release: a version of the rules, a version of the model (or none yet).
What a version consists of lies in `rule_version` and in the folder `releases/<name>-<version>/`.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.database import metadata, reading, writing

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
    sa.Column("author", sa.String),  # none: a watcher made it, or a program older than this column
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
    sa.Column("source", sa.String),  # shipped, cli or api
    sa.Column("parent", sa.Integer),  # the version that was in force when this one was published
    sa.Column("diff", sa.JSON(none_as_null=True)),  # what it changed against its parent
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
        return read_current(connection)


def read_current(connection: sa.Connection) -> Release:
    """`current` as a part of a transaction."""
    columns = [RELEASE.c[name] for name in Release.__struct_fields__]
    newest = sa.select(*columns).order_by(RELEASE.c.number.desc()).limit(1)
    row = connection.execute(newest).first()
    return Release(*row) if row else Release()


def read_at(connection: sa.Connection, at: int) -> tuple[Release, int]:
    """The release that was in force at a moment, and when it was made.

    Before the first one it is the first one, and was made later than `at`; number 0 without any.
    """
    columns = [RELEASE.c[name] for name in (*Release.__struct_fields__, "made_at")]
    made = sa.select(*columns)
    then = made.where(RELEASE.c.made_at <= at).order_by(RELEASE.c.number.desc())
    for asked in (then, made.order_by(RELEASE.c.number)):
        row = connection.execute(asked.limit(1)).first()
        if row is not None:
            return Release(*row[:-1]), row[-1]
    return Release(), 0


def make(
    engine: sa.Engine, at: int, reason: str, author: str | None = None, **changes: str | int | None
) -> Release:
    """The next release: the current one with `changes`. Makes none if nothing changes."""
    with writing(engine) as connection:
        lock(connection)
        return make_next(connection, at, reason, author, **changes)


def lock(connection: sa.Connection) -> None:
    """Whoever makes the next release has read the newest: SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE release IN EXCLUSIVE MODE"))


def make_next(
    connection: sa.Connection,
    at: int,
    reason: str,
    author: str | None,
    **changes: str | int | None,
) -> Release:
    """`make` as a part of a transaction that holds the `lock`."""
    before = read_current(connection)
    after = msgspec.structs.replace(before, **changes)
    if after == before:
        return before
    after = msgspec.structs.replace(after, number=before.number + 1)
    row = {**msgspec.structs.asdict(after), "made_at": at, "reason": reason, "author": author}
    connection.execute(sa.insert(RELEASE), [row])
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
