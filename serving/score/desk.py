"""The score desk: whoever asks for scores, asks here, and every answer is made the same way.

Blocking: run it in a thread. `people` may be one or a thousand; the round trips stay the same.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis
import sqlalchemy as sa

from core.clock import SECOND, Clock
from core.database import reading
from core.installation import Installation
from events.identity.history import leads_at
from events.identity.index import Found
from events.types import Identifier
from features.blob import BlobError
from features.vector import FeatureVector, Stored, crowded
from serving.figures.metrics import Metrics
from serving.kept.call_log import CallLog
from serving.kept.exposure_log import ExposureLog
from serving.kept.served_log import ServedLog
from serving.release.inforce import InForce, Loaded
from serving.score.asks import Ask, Explain, Who
from serving.score.assess import assess
from serving.score.beside import NOTHING, Beside, recorded_beside
from serving.score.breaker import Away
from serving.score.columns import attach, columns_read
from serving.score.lookup import RECORD, WORKER, Lookup, Read
from signals.standing import Standing, answer

Answer = dict[str, Any]
TIMED = 1 / 16
"""Of the calls answered together while an experiment runs, how often the first is judged by itself
to be timed: what a batch takes is no arm's own, and costs a lead the less the more there are.
"""


class Seen(NamedTuple):
    """What each vector was made without (empty: nothing is missing of any), and until when all
    events are in them (None: unknown).

    `beside` is what is known of each lead besides, where the look that brought the tiles told it.
    """

    degraded: Sequence[tuple[str, ...]]
    known_to: int | None
    beside: list[Beside] | None = None


class ScoreDesk:
    """Safe to ask from many threads."""

    def __init__(
        self,
        installation: Installation,
        engine: sa.Engine,
        client: redis.Redis,
        in_force: InForce,
        clock: Clock,
        metrics: Metrics,
        *,
        served: ServedLog,
        exposures: ExposureLog,
        calls: CallLog,
        late_s: float,
    ) -> None:
        """Features that lack the events of more than `late_s` seconds are told as `worker`."""
        self._installation = installation
        self._engine = engine
        self._in_force = in_force
        self._clock = clock
        self._metrics = metrics
        self._served = served
        self._exposures = exposures
        self.calls = calls
        self._lookup = Lookup(client, engine, installation.secret(), clock)
        self._late = round(late_s * SECOND)
        self._past = threading.Lock()

    def score(self, ask: Ask) -> list[Answer | None]:
        """One answer a person, in order; None for whom nobody is known."""
        if ask.as_of is None:
            return self.score_all([ask])[0]
        self._waited([ask])
        known_to = min(ask.as_of, self._lookup.recorded_up_to())
        vectors = self._then(ask)
        late = self._late_at(ask.as_of, known_to)
        seen = Seen([late for one in vectors if one is not None], known_to)
        return self._answers([ask], vectors, seen)[0]

    def score_all(self, asks: Sequence[Ask]) -> list[list[Answer | None]]:
        """The same for several calls, all of now and with one level of reasons, in one go."""
        self._waited(asks)
        return self._answers(asks, *self._now([who for ask in asks for who in ask.people]))

    def _waited(self, asks: Sequence[Ask]) -> None:
        now = time.perf_counter()
        for ask in asks:
            if ask.arrived is not None:
                self._metrics.waited(now - ask.arrived)

    def _answers(
        self, asks: Sequence[Ask], vectors: Sequence[FeatureVector | None], seen: Seen
    ) -> list[list[Answer | None]]:
        begun = time.perf_counter()
        first, known = asks[0], [one for one in vectors if one is not None]
        standings = self._stand(known, seen, first, alone=len(first.people) == 1)
        with self._metrics.stage("answer"):
            answers = [answer(standing, first.explain.value) for standing in standings]
        ended = time.perf_counter()
        made = iter(zip(standings, answers, strict=True))
        told: list[list[Answer | None]] = []
        at = 0
        for ask in asks:
            mine = vectors[at : at + len(ask.people)]
            at += len(ask.people)
            own = [None if one is None else next(made) for one in mine]
            there = [pair for pair in own if pair is not None]
            took = ended - (begun if ask.arrived is None else ask.arrived)
            self.calls.put(ask, [pair[0] for pair in there], [pair[1] for pair in there], took)
            told.append([None if pair is None else pair[1] for pair in own])
        return told

    def stand_now(self, pairs: Sequence[Found], explain: Explain) -> list[Standing]:
        """Where leads stand now whose accounts are known already: for account scores."""
        vectors, seen = self._vectors(pairs)
        return self._stand(vectors, seen, Ask((), explain, None))

    def vectors(self, ask: Ask) -> list[FeatureVector | None]:
        """The features that a score would be made of, in order; None for whom nobody is known."""
        return self._now(ask.people)[0] if ask.as_of is None else self._then(ask)

    def _now(self, people: Sequence[Who]) -> tuple[list[FeatureVector | None], Seen]:
        with self._metrics.stage("find"):
            found = self._lookup.find(people)
        vectors, seen = self._vectors([pair for pair in found if pair is not None])
        made = iter(vectors)
        return [None if pair is None else next(made) for pair in found], seen

    def _vectors(self, pairs: Sequence[Found]) -> tuple[list[FeatureVector], Seen]:
        with self._metrics.stage("read"):
            found = self._lookup.read(pairs, marked=self._served.wants())
        now = self._clock.now()
        with self._metrics.stage("vector"):
            try:
                made = crowded(_stored(pairs, found, now))
            except BlobError:
                found = self._lookup.reread(pairs, found)
                made = crowded(_stored(pairs, found, now))
        if found.marks is not None:
            self._served.put(made, found.marks)
        late = self._late_at(now, found.known_to)
        degraded = [one + late for one in found.degraded] if late else found.degraded
        return made, Seen(degraded, found.known_to, found.beside)

    def _late_at(self, moment: int, known_to: int | None) -> tuple[str, ...]:
        """What a score as of a moment is made without that knows of all events by `known_to`."""
        late = known_to is None or moment - known_to > self._late
        return (WORKER,) if late else ()

    def missing(self) -> tuple[str, ...]:
        """Of stores and worker, what scores of now are made without, as they name it themselves."""
        reach = self._lookup.reach()
        return reach.degraded + self._late_at(self._clock.now(), reach.known_to)

    def _then(self, ask: Ask) -> list[FeatureVector | None]:
        """From the lake, point in time; one such question at a time, for it is heavy."""
        from features.offline import Ask as Moment
        from features.offline import lead_vectors, vectors

        assert ask.as_of is not None  # noqa: S101 - its only caller has looked
        identifiers = [who for who in ask.people if isinstance(who, Identifier)]
        lead_ids = [who for who in ask.people if not isinstance(who, Identifier)]
        with self._past, self._metrics.stage("past"):
            moments = [Moment(who, ask.as_of) for who in identifiers]
            told: dict[Who, FeatureVector | None] = dict(
                zip(identifiers, vectors(self._installation, self._engine, moments), strict=True)
            )
            with reading(self._engine) as connection:
                stood = leads_at(connection, [(lead_id, ask.as_of) for lead_id in lead_ids])
            known = list(dict.fromkeys(one for one in stood if one is not None))
            asked = [(lead_id, ask.as_of) for lead_id in known]
            by_id = lead_vectors(self._installation, self._engine, asked)
        then = dict(zip(known, by_id, strict=True))
        told.update((who, then.get(one or "")) for who, one in zip(lead_ids, stood, strict=True))
        return [told[who] for who in ask.people]

    def _stand(
        self, vectors: Sequence[FeatureVector], seen: Seen, ask: Ask, *, alone: bool = False
    ) -> list[Standing]:
        """`alone`: each was asked for in a call of its own."""
        loaded = self._in_force.now()
        with self._metrics.stage("facts"):
            beside, missing = self._beside(loaded, vectors, seen, ask.as_of)
        degraded = [one + missing for one in seen.degraded or [()] * len(vectors)]
        extra, bands = [one.extra for one in beside], [one.band for one in beside]

        def made(part: slice) -> list[Standing]:
            return assess(
                loaded, vectors[part], extra[part], bands[part], degraded[part],
                strongest=ask.explain is Explain.SHORT, contributions=ask.explain is Explain.FULL,
                known_to=seen.known_to, stage=self._metrics.stage,
            )  # fmt: skip

        count = len(vectors)
        timed = alone and loaded.trial and (count == 1 or random.random() < TIMED)
        began = time.perf_counter()
        first = made(slice(1)) if timed else []
        spent = time.perf_counter() - began
        standings = [*first, *made(slice(1, count))] if timed else made(slice(count))
        if ask.as_of is None:
            self._exposures.put(first, spent)
            self._exposures.put(standings[len(first) :])
        for name, leads in Counter(name for one in degraded for name in one).items():
            self._metrics.degraded.labels(name).inc(leads)
        self._metrics.rules_failed(one.report for one in standings)
        return standings

    def _beside(
        self, loaded: Loaded, vectors: Sequence[FeatureVector], seen: Seen, as_of: int | None
    ) -> tuple[list[Beside], tuple[str, ...]]:
        """What is no feature, and what was missing: `("record",)` while it alone could tell."""
        if seen.beside is not None and not columns_read(loaded):
            return seen.beside, ()
        ids = [one.lead_id for one in vectors]

        def look() -> list[Beside]:
            with reading(self._engine) as connection:
                attach(connection, loaded, vectors, as_of)
                if seen.beside is not None:
                    return seen.beside
                return recorded_beside(connection, ids, then=as_of is not None)

        try:
            return self._lookup.record.call(look), ()
        except Away:
            return seen.beside or [NOTHING] * len(ids), (RECORD,)


def _stored(pairs: Sequence[Found], found: Read, as_of: int) -> list[Stored]:
    told = zip(pairs, found.blobs, strict=True)
    return [Stored(*pair, *blobs, as_of) for pair, blobs in told]
