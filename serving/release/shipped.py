"""The rule catalog that comes with the program is in force until somebody publishes their own."""

from __future__ import annotations

import sqlalchemy as sa

from core import release
from core.clock import Clock
from rules import read_catalog
from rules.life import publish, read_version
from rules.life.versions import SHIPPED

_NOTE = "the catalog that comes with the program"


def publish_shipped_rules(engine: sa.Engine, clock: Clock) -> release.Release:
    """Makes the shipped catalog a version and a release when it is new and nobody's rules rule.

    DefinitionError or WorkError when the shipped catalog is wrong. Run twice it changes nothing.
    """
    live = release.current(engine).rules_version
    if not live or read_version(engine, live).author == SHIPPED:
        publish(engine, read_catalog(), SHIPPED, _NOTE, None, clock.now(), SHIPPED)
    return release.current(engine)
