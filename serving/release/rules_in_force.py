"""The rules of the version in force, compiled; the last good ones where they cannot be."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

import rules
from core.database import reading
from core.errors import DefinitionError, NotFound
from core.release import RELEASE
from rules.life import version_files


class Compiled(NamedTuple):
    version: int
    rulebook: rules.Rulebook
    refused: str = ""
    """Why a later version does not serve; empty when none is wanted."""


class RulesInForce:
    """Compiles each version once. Asked by one thread at a time.

    Files of a version never change, so one that is refused stays so while this program runs: it was
    published by another one, which knew words that this one does not.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._held: Compiled | None = None
        self._refused: dict[int, str] = {}

    def follow(self, version: int) -> Compiled:
        """The rules of this version, or the last good ones and why.

        The last good ones are sought in the record. DefinitionError when there are none at a
        start: the shipped ones would be no one's choice.
        """
        if self._held is None or self._held.version != version:
            self._held = self._compile(version) or self._fall_back(version)
        return self._held._replace(refused=self._refused.get(version, ""))

    def _compile(self, version: int) -> Compiled | None:
        if version in self._refused:
            return None
        try:
            return Compiled(version, rules.load_catalog(version_files(self._engine, version)))
        except (DefinitionError, NotFound) as wrong:
            first = f": {wrong.problems[0]}" if wrong.problems else ""
            self._refused[version] = f"rules version {version} refused: {wrong.detail}{first}"
            return None

    def _fall_back(self, version: int) -> Compiled:
        """As the record says, not as this process happens to know: all of them serve the same."""
        held = self._held
        for earlier in self._earlier(version):
            if held is not None and held.version == earlier:
                return held
            if compiled := self._compile(earlier):
                return compiled
        if held is not None:
            return held
        # Once more, for the error with all that is wrong.
        return Compiled(version, rules.load_catalog(version_files(self._engine, version)))

    def _earlier(self, version: int) -> list[int]:
        """The versions that were in force before, the latest first."""
        asked = (
            sa.select(RELEASE.c.rules_version)
            .where(RELEASE.c.rules_version.not_in((0, version)))
            .group_by(RELEASE.c.rules_version)
            .order_by(sa.func.max(RELEASE.c.number).desc())
        )
        with reading(self._engine) as connection:
            return list(connection.execute(asked).scalars())
