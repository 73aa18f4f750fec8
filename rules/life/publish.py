"""publish: a proven catalog becomes the next version and is in force, or nothing has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from core import release
from core.clock import to_iso
from core.database import writing
from core.errors import Conflict, DefinitionError, WorkError
from core.release import RULE_VERSION
from rules.catalog import catalog_digest, check_catalog, load_catalog
from rules.examples import run_examples
from rules.life.difference import Diff, diff
from rules.life.versions import (
    Version,
    history,
    in_force_since,
    live_version,
    read_version,
    version_files,
)


class Published(NamedTuple):
    """The version in force now; `new` is False when it was in force before as well."""

    version: int
    new: bool
    replaced: int
    """The version that was in force until then, 0 for none: `version` itself unless `new`."""


class Edit(NamedTuple):
    """What somebody wants in force, and who says so from where (shipped, cli or api)."""

    files: Mapping[str, str]
    author: str
    note: str
    source: str


Also = Callable[[sa.Connection, int], None]
"""What has to happen in the same transaction; takes the version that is then in force."""


def prove(files: Mapping[str, str]) -> None:
    """Checks a catalog and runs its examples.

    DefinitionError with all that is wrong with it, else WorkError with all examples that come out
    otherwise than declared.
    """
    tested = run_examples(check_catalog(files))
    if tested.wrong:
        raise WorkError(
            f"{len(tested.wrong)} of {tested.examples} examples come out otherwise than declared",
            do="correct the rule or its example, then run `leadline rules test` again",
            problems=tested.wrong,
        )


def publish(
    engine: sa.Engine,
    files: Mapping[str, str],
    author: str,
    note: str,
    expected: int | None,
    at: int,
    source: str,
) -> Published:
    """Puts a catalog in force, for all processes and with all of its files at once.

    `expected` is the version that the edit began from (None: whichever is in force). Conflict names
    who published another one meanwhile. An empty `note` is made of what changed. The catalog that
    is in force already makes no new version, whatever was expected: sent again it is done. What
    `prove` refuses leaves everything as it was.
    """
    prove(files)
    return put_in_force(engine, Edit(files, author, note, source), expected, at)


def put_in_force(
    engine: sa.Engine, edit: Edit, expected: int | None, at: int, also: Also | None = None
) -> Published:
    """`publish` of an edit that is proven; `also` stands or falls with it."""
    digest = catalog_digest(edit.files)
    while True:
        live = live_version(engine)
        before = version_files(engine, live)
        # Comparing takes longer than others should wait for the lock, so it is done before.
        changed = diff(before, edit.files) if live else None
        with writing(engine) as connection:
            release.lock(connection)
            if release.read_current(connection).rules_version != live:
                continue
            new = not live or catalog_digest(before) != digest
            if new and expected not in {None, live}:
                raise conflict(connection, expected)
            if new:
                _add(connection, edit, digest, live, changed, at)
            version = release.read_current(connection).rules_version
            if also is not None:
                also(connection, version)
            return Published(version, new, live)


def _add(
    connection: sa.Connection, edit: Edit, digest: str, live: int, changed: Diff | None, at: int
) -> None:
    newest = connection.execute(sa.select(sa.func.max(RULE_VERSION.c.version))).scalar() or 0
    note = edit.note or (changed.summary() if changed else "the first version")
    row = {
        "version": newest + 1,
        "digest": digest,
        "files": dict(edit.files),
        "author": edit.author,
        "note": note,
        "published_at": at,
        "source": edit.source,
        "parent": live or None,
        "diff": None if changed is None else msgspec.to_builtins(changed),
    }
    connection.execute(sa.insert(RULE_VERSION), [row])
    release.make_next(connection, at, note, edit.author, rules_version=newest + 1)


def conflict(connection: sa.Connection, expected: int) -> Conflict:
    """Says who put another version in force than the one that an edit began from."""
    live = release.read_current(connection).rules_version
    return Conflict(
        f"{_latest(connection, live)}, and your edit began from version {expected}",
        do=f"rebase: `leadline rules diff --from {expected} --to {live}` shows what to take over,"
        f" then publish with --expected {live}",
    )


def _latest(connection: sa.Connection, live: int) -> str:
    """Who put `live` in force, and when."""
    since = in_force_since(connection)
    if since is None:
        return "nothing was published yet"
    verb = "brought back" if since.again else "published"
    return f"version {live} was {verb} by {since.author} at {to_iso(since.at)}"


def rollback(
    engine: sa.Engine,
    to: int | None,
    author: str,
    at: int,
    note: str = "",
    expected: int | None = None,
) -> Published:
    """Puts an earlier version in force again (None: the one before that which is in force).

    Its number stays its own, so that scores name what they were made with. `expected` is the
    version to be replaced (None: whichever is in force; without `to`, the one whose parent comes
    back). NotFound for an unknown version, Conflict when somebody published another one meanwhile,
    DefinitionError when this program cannot compile it, WorkError when there is none before.
    """
    if to is None:
        seen = live_version(engine)
        target, expected = _before(engine, seen), seen if expected is None else expected
    else:
        target = read_version(engine, to).number
    try:
        load_catalog(version_files(engine, target))
    except DefinitionError as wrong:
        raise DefinitionError(
            f"version {target} is no longer right for this program",
            do=f"`leadline rules show {target} --out DIR`, correct it there and publish it",
            problems=wrong.problems,
        ) from wrong
    with writing(engine) as connection:
        release.lock(connection)
        live = release.read_current(connection).rules_version
        if target != live and expected not in {None, live}:
            raise Conflict(
                f"{_latest(connection, live)}, and you were about to replace version {expected}",
                do=f"look at it with `leadline rules diff --from {target} --to {live}`; if it has"
                f" to go too: `leadline rules rollback --to {target} --expected {live}`",
            )
        reason = note or f"back from version {live} to {target}"
        release.make_next(connection, at, reason, author, rules_version=target)
    return Published(target, target != live, live)


def _before(engine: sa.Engine, live: int) -> int:
    """The parent of `live`; older programs noted none, then the next lower number."""
    version = read_version(engine, live) if live else None
    lower: list[Version] = history(engine, 1, before=live)
    if version is None or (version.parent is None and not lower):
        raise WorkError("there is no earlier version", do="`leadline rules history` has them all")
    return version.parent or lower[0].number
