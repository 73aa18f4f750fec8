"""Keeps a sample of score calls with all that they were made from, without making anybody wait."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY, Clock
from core.settings import Calls
from features.served import DEFINITIONS, NAMES
from serving.kept.calls import Call, prune_calls, write_calls
from serving.kept.sample_log import SampleLog
from serving.score.asks import AccountAsk, Ask
from signals.standing import Standing

MOST_OF_A_CALL = 20
"""Leads kept of one batch: the first ones."""


def new_id(now: int) -> str:
    """26 hex digits that begin with the moment, so that ids sort as they were given."""
    # No secret: asking the system for each would cost a tenth of a score.
    return f"{now:014x}{random.getrandbits(48):012x}"


class CallLog:
    """Safe to use from many threads. `draw` gives numbers from 0 to below 1; `dropped` is called
    with the number of leads that found no room.
    """

    def __init__(
        self,
        engine: sa.Engine,
        settings: Calls,
        clock: Clock,
        draw: Callable[[], float],
        dropped: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._log: SampleLog[Call] = SampleLog(
            engine, "score calls", write_calls, self._prune, dropped
        )

    def put(
        self,
        ask: Ask | AccountAsk,
        standings: Sequence[Standing],
        answers: Sequence[Any],
        seconds: float,
    ) -> None:
        """Returns at once, and keeps nothing of a call that does not belong to the sample.

        Answers are as they were told, before they became JSON.
        """
        if not ask.id or self._draw() >= self._settings.sample:
            return
        how = _How(ask.id, self._clock.now(), seconds, ask.explain.value)
        told = zip(standings[:MOST_OF_A_CALL], answers, strict=False)
        self._log.put([_call(how, place, *one) for place, one in enumerate(told)])

    def close(self) -> None:
        """Writes what waits."""
        self._log.close()

    def _prune(self, record: sa.Connection) -> None:
        oldest = self._clock.now() - self._settings.days * DAY
        prune_calls(record, self._settings.kept, oldest)


class _How(NamedTuple):
    id: str
    at: int
    seconds: float
    explain: str


def _call(how: _How, place: int, standing: Standing, answer: Any) -> Call:
    vector, release, scorer = standing.vector, standing.release, standing.scorer
    return Call(
        **how._asdict(),
        place=place,
        lead_id=vector.lead_id,
        account_id=vector.account_id,
        as_of=vector.as_of,
        known_to=standing.known_to,
        definitions=DEFINITIONS,
        values=[vector.values[name] for name in NAMES],
        columns={name: told for name, told in vector.values.items() if name not in _OURS},
        capped=vector.capped,
        beside=dict(standing.beside),
        band_before=standing.band_before,
        snoozed=standing.report.snoozed,
        degraded=standing.degraded,
        release=release.number,
        rules_version=release.rules_version,
        model_name=scorer.name if scorer else None,
        model_version=scorer.version if scorer else None,
        alias=scorer.alias if scorer else None,
        arm=standing.place,
        answer=msgspec.json.encode(answer),
    )


_OURS = frozenset(NAMES)
