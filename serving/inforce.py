"""What is in force in this process: one release, with its rules compiled and its model loaded."""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

import rules
from core.errors import LeadlineError
from core.installation import Installation
from core.release import Release, current, rule_files
from scoring import Scorer

_log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """Immutable: a score is made from one of these from beginning to end.

    The release names the model that is really loaded; `degraded` is `("model",)` when none is.
    """

    release: Release
    rulebook: rules.Rulebook
    scorer: Scorer | None
    degraded: tuple[str, ...] = ()


class InForce:
    """Follows the `release` row. Safe to ask from many threads; only one of them loads.

    Rules or a model that cannot be loaded leave the last good ones serving, and are tried again
    at each poll: the cause may go away.
    """

    def __init__(self, installation: Installation, engine: sa.Engine, poll_s: float = 1.0) -> None:
        self._installation = installation
        self._engine = engine
        self._poll_s = poll_s
        self._loading = threading.Lock()
        self._looked_at = float("-inf")
        self._wanted: Release | None = None
        self._complete = False
        self._loaded: Loaded | None = None
        self._told = ""

    def now(self) -> Loaded:
        """What is in force, at most `poll_s` old. DefinitionError if no rules could ever load."""
        loaded = self._loaded
        if loaded is None:
            with self._loading:
                return self._loaded or self._look()
        if time.monotonic() - self._looked_at < self._poll_s:
            return loaded
        if not self._loading.acquire(blocking=False):
            return loaded
        try:
            return self._look()
        finally:
            self._loading.release()

    def _look(self) -> Loaded:
        before = self._loaded
        try:
            wanted = current(self._engine)
            if before is None or wanted != self._wanted or not self._complete:
                self._loaded, self._complete = self._load(wanted, before)
                self._wanted = wanted
        except (SQLAlchemyError, LeadlineError, KeyError) as problem:
            if before is None:
                raise
            self._tell(f"the release in force stays: {problem}")
        self._looked_at = time.monotonic()
        assert self._loaded is not None  # noqa: S101 - _load answers or raises
        return self._loaded

    def _load(self, wanted: Release, before: Loaded | None) -> tuple[Loaded, bool]:
        """The release as far as it can be loaded, and whether that is all of it."""
        rulebook = self._rulebook(wanted, before)
        scorer, complete = self._scorer(wanted, before.scorer if before else None)
        if complete:
            self._tell("")
        release = msgspec.structs.replace(
            wanted,
            model_name=scorer.name if scorer else None,
            model_version=scorer.version if scorer else None,
        )
        return Loaded(release, rulebook, scorer, () if scorer else ("model",)), complete

    def _rulebook(self, wanted: Release, before: Loaded | None) -> rules.Rulebook:
        version = wanted.rules_version
        if before is not None and before.release.rules_version == version:
            return before.rulebook
        # Nothing was published yet: the catalog as shipped is version 0.
        files = rule_files(self._engine, version) if version else rules.read_catalog()
        return rules.load_catalog(files)

    def _scorer(self, wanted: Release, before: Scorer | None) -> tuple[Scorer | None, bool]:
        name, version = wanted.model_name, wanted.model_version
        if name is None or version is None:
            return None, True
        if before is not None and (before.name, before.version) == (name, version):
            return before, True
        try:
            return Scorer.load(self._installation.releases / f"{name}-{version}"), True
        except LeadlineError as refused:
            self._tell(f"model {name} {version} refused: {refused}")
            return before, False

    def _tell(self, trouble: str) -> None:
        """Once, not at every poll."""
        if trouble and trouble != self._told:
            _log.error(trouble)
        self._told = trouble
