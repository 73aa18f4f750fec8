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
from core.database import reading
from core.errors import LeadlineError
from core.installation import Installation
from core.release import Release, read_current
from rules.life import snoozes
from scoring import Scorer
from scoring.released import load_released
from serving.release.rules_in_force import Compiled, RulesInForce
from serving.release.trial import EXPERIMENT, Trial, Trials

_log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """Immutable: a score is made from one of these from beginning to end.

    The release names the rules and the model that are really loaded; `degraded` names what is not
    as the record wants it: `rules` when an earlier version serves, `model` when there is none or
    an earlier champion serves, `experiment` when its challenger cannot serve.
    """

    release: Release
    rulebook: rules.Rulebook
    scorer: Scorer | None
    degraded: tuple[str, ...] = ()
    snoozed: snoozes.Snoozed = snoozes.NONE
    refused_rules: str = ""
    """Why the rules that were published last do not serve; empty when they do."""
    refused_model: str = ""
    """The same of the model that was promoted last."""
    trial: Trial | None = None
    """The experiment that runs, if one does."""


class Wanted(NamedTuple):
    """What the record says; whenever it differs from before, there is something to load."""

    release: Release
    snoozes: snoozes.Mark


class InForce:
    """Follows the `release` row. Safe to ask from many threads; only one of them loads.

    Rules or a model that cannot be loaded leave the last good ones serving. A model, and an
    experiment's challenger, are tried again at each poll: the cause may go away.

    Whoever asks looks as well, once a poll is due; `follow` leaves that to a thread of its own, so
    that no score waits for a record that dawdles or for a model that is being read.
    """

    def __init__(self, installation: Installation, engine: sa.Engine, poll_s: float = 1.0) -> None:
        self._installation = installation
        self._engine = engine
        self._poll_s = poll_s
        self._rules = RulesInForce(engine)
        self._trials = Trials(installation, engine)
        self._loading = threading.Lock()
        self._looked_at = float("-inf")
        self._wanted: Wanted | None = None
        self._complete = False
        self._loaded: Loaded | None = None
        self._told = ""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def follow(self) -> None:
        """From now on a thread looks, once something is in force at all. `close` ends it."""
        self._thread = threading.Thread(target=self._follow, name="in-force", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(self._poll_s):
            if self._loaded is None:
                continue
            try:
                with self._loading:
                    self._look()
            except Exception:  # noqa: BLE001 - whatever a look throws, what serves goes on serving
                _log.exception("the release in force stays")

    def now(self) -> Loaded:
        """What is in force, at most `poll_s` old. DefinitionError if no rules could ever load."""
        loaded = self._loaded
        if loaded is None:
            with self._loading:
                return self._loaded or self._look()
        if self._thread is not None or time.monotonic() - self._looked_at < self._poll_s:
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
            with reading(self._engine) as record:
                wanted = Wanted(read_current(record), snoozes.mark(record))
            if before is None or wanted != self._wanted or not self._complete:
                self._loaded, self._complete = self._load(wanted, before)
                self._wanted = wanted
        except (SQLAlchemyError, LeadlineError) as problem:
            if before is None:
                raise
            self._tell(f"the release in force stays: {problem}")
        self._looked_at = time.monotonic()
        assert self._loaded is not None  # noqa: S101 - _load answers or raises
        return self._loaded

    def _load(self, wanted: Wanted, before: Loaded | None) -> tuple[Loaded, bool]:
        """The release as far as it can be loaded, and whether that is all of it."""
        compiled = self._rules.follow(wanted.release.rules_version)
        scorer, refused = self._scorer(wanted.release, before.scorer if before else None)
        loaded = Loaded(
            _really(wanted.release, compiled, scorer),
            compiled.rulebook,
            scorer,
            _missing(compiled, scorer, refused),
            self._snoozed(wanted.snoozes, before),
            compiled.refused,
            refused,
        )
        trial, no_trial = self._trials.follow(wanted.release, loaded)
        if no_trial:
            loaded = loaded._replace(degraded=(*loaded.degraded, EXPERIMENT))
        self._tell("; ".join(told for told in (compiled.refused, refused, no_trial) if told))
        return loaded._replace(trial=trial), not (refused or no_trial)

    def _snoozed(self, mark: snoozes.Mark, before: Loaded | None) -> snoozes.Snoozed:
        if before is not None and self._wanted is not None and mark == self._wanted.snoozes:
            return before.snoozed
        with reading(self._engine) as record:
            return snoozes.load(record)

    def _scorer(self, wanted: Release, before: Scorer | None) -> tuple[Scorer | None, str]:
        """The model, and why it is not the one that is wanted."""
        name, version = wanted.model_name, wanted.model_version
        if name is None or version is None:
            return None, ""
        if before is not None and (before.name, before.version) == (name, version):
            return before, ""
        try:
            return load_released(self._installation.releases, name, version), ""
        except LeadlineError as refused:
            return before, f"model {name} {version} refused: {refused}"

    def _tell(self, trouble: str) -> None:
        """Once, not at every poll."""
        if trouble and trouble != self._told:
            _log.error(trouble)
        self._told = trouble


def _missing(compiled: Compiled, scorer: Scorer | None, refused: str) -> tuple[str, ...]:
    named = {"rules": bool(compiled.refused), "model": scorer is None or bool(refused)}
    return tuple(name for name, lacks in named.items() if lacks)


def _really(wanted: Release, compiled: Compiled, scorer: Scorer | None) -> Release:
    return msgspec.structs.replace(
        wanted,
        rules_version=compiled.version,
        model_name=scorer.name if scorer else None,
        model_version=scorer.version if scorer else None,
    )
