"""The worker's look at a draft that shadows: the leads it has just judged, once more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from core.clock import HOUR
from core.settings import Settings
from features.windows import Value
from serving.release.inforce import Loaded
from serving.worker.cases import Case
from signals.shadow.compare import Look, compare
from signals.shadow.comparison import Comparison
from signals.shadow.follow import Follower
from signals.standing import Standing
from signals.types import About, BandState, Decision

_log = logging.getLogger(__name__)

Judged = tuple[Case, About, Mapping[str, Value], Standing, Decision]
"""A lead, who it is, its facts that are no features, where it stands, what was decided."""


class Shadowing:
    """Asked by the worker alone."""

    def __init__(self, settings: Settings) -> None:
        self._source = settings.signals.source
        self._late_after = settings.worker.late_hours * HOUR
        self._follower = Follower(settings.models.poll_s)

    def look(
        self,
        record: sa.Connection,
        loaded: Loaded,
        now: int,
        before: Mapping[str, BandState],
        judged: Iterable[Judged],
    ) -> Comparison | None:
        """What the draft would have decided; None while none shadows."""
        shadow = self._follower.now(record)
        if shadow is None:
            return None
        looks = [_look(loaded, before.get(one[0].lead_id), *one) for one in judged]
        found = compare(
            record, shadow, looks, now=now, source=self._source, late_after=self._late_after
        )
        if found.failed:
            _log.error("the draft that shadows is stopped: %s", found.failed)
        return found


def _look(
    loaded: Loaded,
    before: BandState | None,
    case: Case,
    about: About,
    extra: Mapping[str, Value],
    standing: Standing,
    decision: Decision,
) -> Look:
    vector = standing.vector
    facts = {**vector.values, **extra, "as_of": vector.as_of}
    snoozed = loaded.snoozed.of(vector.account_id, vector.as_of)
    return Look(before, standing, case.trigger, about, decision, facts, snoozed)
