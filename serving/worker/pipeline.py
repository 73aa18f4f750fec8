"""The whole way of an event, in one short method: `Pipeline.run`.

accept → match → enrich → update → (evaluate, score, decide, route). A batch's effects and its
offset are committed in one transaction; lake files are published and Redis is written after it.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.clock import SECOND, Clock
from core.database import reading, upsert, writing
from core.errors import Problem
from core.installation import Installation
from core.refusal import is_outage
from core.settings import Settings
from events import progress
from events.archive import KIND, archive_table
from events.attributes import save_attributes
from events.enrichment.enrich import enrich
from events.failed import save_failed
from events.fates import remember
from events.identity.matcher import Matcher
from events.intake.accept import accept
from events.intake.duplicates import drop_duplicates, save_seen
from events.outcomes import save_outcomes
from events.stages import save_stages
from events.types import FailedEvent, RawEvent
from features.open_lake import open_lake
from features.record import RETELL_DUE, save_tiles
from features.update import Updater
from serving.worker import control
from serving.worker.batch import Batch
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.retell import Retelling
from serving.worker.stages import Stages

RESCORE_EVERY = SECOND
QUIET = SECOND
"""Without an event for so long, it is said that none is missing."""


class Pipeline:
    """Reads raw events in the log's order; the only writer of identities and tiles."""

    def __init__(
        self,
        installation: Installation,
        settings: Settings,
        engine: sa.Engine,
        judge: Judge,
        online: OnlineSync,
        clock: Clock,
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._engine = engine
        self._judge = judge
        self._online = online
        self._clock = clock
        self._matcher = Matcher(installation.secret(), settings.identity.per_lead)
        self._updater = Updater()
        self._lake = open_lake(installation, engine, settings.features.offline)
        self._next_rescore = 0
        self.stages = Stages()
        with reading(engine) as connection:
            self.progress = progress.load(connection)
            due = connection.execute(sa.select(RETELL_DUE.c.lead_id).limit(1)).first()
            self._lake.recover(connection)
        self.history_is_late = due is not None
        """An import came out of order: the log's reader asks for a retelling when it is idle."""
        self.stages.seconds.update(self.progress.stage_seconds)

    def run(self, raws: Sequence[RawEvent]) -> None:
        """A stretch of the log. Control events in it are applied in their turn."""
        for part in control.parts(raws):
            if control.is_control(part[0]):
                self._apply(part[0])
            else:
                self._run(part)

    def _run(self, raws: Sequence[RawEvent]) -> None:
        """One batch, all or nothing. If it cannot be done at all, halves of it are tried, down to
        the one event at fault, which becomes a failed event: the stream goes on.
        """
        try:
            batch = self._compute(raws)
            self._commit(batch)
        except Exception as fault:
            self._undo()
            if is_outage(fault):
                raise
            if len(raws) > 1:  # one event must never stop the stream
                half = len(raws) // 2
                self._run(raws[:half])
                self._run(raws[half:])
                return
            batch = _at_fault(raws[0], fault)
            self._commit(batch)
        self._publish(batch)

    def _apply(self, raw: RawEvent) -> None:
        """History told anew: in force at once with the commit, or not at all."""
        batch = Batch([raw])
        try:
            with self.stages("retell"):
                retelling = Retelling(raw, self._installation, self._settings, self._lake)
                everybody = control.read_control(raw) is control.Control.BACKFILL
                batch.retold = retelling.run(self._engine, all_history=everybody)
                batch.rows = batch.retold.rows
            self._commit(batch)
        except Exception as fault:
            self._undo()
            if is_outage(fault):
                raise
            batch = _not_retold(raw, fault)  # history stays as it was, the stream goes on
            self._commit(batch)
        self.history_is_late = False
        self._updater.forget()
        self._publish(batch)

    def keep_up(self) -> None:
        """Between batches: brings Redis level, and looks again at the leads whose time has come."""
        self._online.catch_up(self.progress)
        now = self._clock.now()
        if now < self._next_rescore:
            return
        self._next_rescore = now + RESCORE_EVERY
        with reading(self._engine) as record:
            decided = self._judge.rescore(record, self._updater, now)
        if decided.states:
            with self.stages("rescore"), writing(self._engine) as record:
                decided.save(record, now)
            self._online.rejudged(decided.judged)

    @property
    def quiet(self) -> bool:
        """Whether nothing was said of the last second: neither by an event nor by `advance`."""
        return self._clock.now() - self.progress.watermark >= QUIET

    def advance(self, until: int) -> None:
        """All events recorded by `until` are in. For the record first, then for the online store,
        as with a batch.
        """
        after = msgspec.structs.replace(self.progress, watermark=until)
        with writing(self._engine) as record:
            progress.save(record, after)
        self.progress = after
        self._online.advance(after)

    def _compute(self, raws: Sequence[RawEvent]) -> Batch:
        """Everything that a batch brings about; reads the record, changes nothing."""
        stage = self.stages
        batch = Batch(raws)
        with reading(self._engine) as record:
            with stage("accept"):
                accepted = accept(raws, self._settings.identity)
                batch.accepted, batch.fresh = drop_duplicates(record, accepted)
            with stage("match"):
                batch.matches = self._matcher.match(record, batch.events)
            with stage("enrich"):
                batch.enriched = enrich(batch.matches.events)
            with stage("update"):
                batch.rows = self._updater.update(record, batch.enriched)
                batch.late = self._updater.late | batch.matches.graph.late
            with stage("decide"):
                batch.decided = self._judge.judge(record, batch, self._updater)
        with stage("lake"):
            self._write_lake(batch)
        return batch

    def _write_lake(self, batch: Batch) -> None:
        if not batch.matches or not batch.matches.events:
            return
        keys = {lead_id: lead.data_key for lead_id, lead in batch.matches.graph.leads.items()}
        self._lake.write_rows(batch.rows, batch.offsets, batch.recorded_at)
        table = archive_table(batch.matches.events, keys)
        self._lake.write(KIND, table, batch.offsets, batch.recorded_at)

    def _commit(self, batch: Batch) -> None:
        after = batch.advance(self.progress, self.stages.seconds)
        with self.stages("commit"), writing(self._engine) as record:
            save_failed(record, batch.failed)
            save_seen(record, batch.fresh)
            if batch.matches:
                batch.matches.save(record)
            if batch.retold:
                batch.retold.save(record)
            save_outcomes(record, batch.enriched)
            save_stages(record, batch.enriched)
            save_attributes(record, self._installation.secret(), batch.enriched)
            save_tiles(record, batch.rows)
            upsert(RETELL_DUE, record, [{"lead_id": one} for one in sorted(batch.late)])
            self._lake.list_pending(record)
            batch.decided.save(record, self._clock.now())
            remember(record, batch.fates())
            progress.save(record, after)
        self.progress = after
        self.history_is_late |= bool(batch.late)

    def _publish(self, batch: Batch) -> None:
        with self.stages("publish"):
            self._lake.publish()
            self._updater.shrink()
        with self.stages("online"):
            leads = batch.reindexed()
            self._online.write(self.progress, batch.rows, leads, batch.decided.judged)

    def _undo(self) -> None:
        self._updater.forget()
        self._lake.drop_pending()


def _at_fault(raw: RawEvent, fault: Exception) -> Batch:
    return _failed(raw, "internal", _words(fault))


def _not_retold(raw: RawEvent, fault: Exception) -> Batch:
    told = "history could not be told anew, and what was in force before it stays in force"
    do = "`leadline features backfill` asks for it again"
    return _failed(raw, "retelling", f"{told} ({_words(fault)}); {do}")


def _failed(raw: RawEvent, reason: str, told: str) -> Batch:
    batch = Batch([raw])
    batch.accepted = [FailedEvent(raw=raw, reason=reason, problems=(Problem("", told),))]
    return batch


def _words(fault: Exception) -> str:
    """What went wrong and where, without the values that SQLAlchemy would tell beside it."""
    cause = getattr(fault, "orig", None) or fault
    where = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(cause).__name__}: {cause} ({where.name}, line {where.lineno})"
