"""The rule catalog that comes with the program is in force until somebody publishes their own."""

from __future__ import annotations

import sqlalchemy as sa

from core import release
from core.clock import Clock
from core.database import reading
from rules import catalog_digest, load_catalog, read_catalog

AUTHOR = "shipped"


def publish_shipped_rules(engine: sa.Engine, clock: Clock) -> release.Release:
    """Makes the shipped catalog a version and a release when it is new and nobody's rules rule.

    DefinitionError when the shipped catalog is wrong. Run twice it changes nothing.
    """
    files = read_catalog()
    load_catalog(files)
    in_force = release.current(engine)
    if in_force.rules_version and _author(engine, in_force.rules_version) != AUTHOR:
        return in_force
    note = "the catalog that comes with the program"
    now = clock.now()
    version = release.add_rules(engine, files, catalog_digest(files), AUTHOR, note, now)
    return release.make(engine, now, note, rules_version=version)


def _author(engine: sa.Engine, version: int) -> str:
    author = release.RULE_VERSION.c.author
    with reading(engine) as connection:
        query = sa.select(author).where(release.RULE_VERSION.c.version == version)
        return str(connection.execute(query).scalar_one())
