"""One batch of raw events on its way, and what each stage made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from events.fates import Fate
from events.identity.matcher import Matches
from events.progress import Progress
from events.types import Door, Duplicate, EnrichedEvent, Event, FailedEvent, RawEvent
from features.record import TileRow
from serving.worker.decided import Decided
from serving.worker.retell import Retold


class Batch:
    """Filled from stage to stage; `raws` is in the log's order and never empty."""

    def __init__(self, raws: Sequence[RawEvent]) -> None:
        self.raws = raws
        self.accepted: list[Event | FailedEvent | Duplicate] = []
        self.fresh: dict[bytes, int] = {}
        self.matches: Matches | None = None
        self.enriched: list[EnrichedEvent] = []
        self.rows: list[TileRow] = []
        self.decided = Decided()
        self.late: set[str] = set()
        self.retold: Retold | None = None

    def reindexed(self) -> set[str]:
        """Leads whose identifiers point elsewhere than before, or whose account changed."""
        if self.retold:
            return self.retold.leads
        return self.matches.reindexed() if self.matches else set()

    @property
    def offsets(self) -> tuple[int, int]:
        return self.raws[0].offset, self.raws[-1].offset

    @property
    def recorded_at(self) -> int:
        """The watermark: nothing known later than this is in the batch."""
        return self.raws[-1].recorded_at

    @property
    def events(self) -> list[Event]:
        return [one for one in self.accepted if isinstance(one, Event)]

    @property
    def failed(self) -> list[FailedEvent]:
        return [one for one in self.accepted if isinstance(one, FailedEvent)]

    def advance(self, before: Progress, seconds: Mapping[str, float]) -> Progress:
        """How far the worker is once this batch is committed. A control event was not accepted as
        an event of anybody's; it counts as processed.
        """
        events = self.events
        failed = len(self.failed)
        return msgspec.structs.replace(
            before,
            offset=self.offsets[1],
            watermark=self.recorded_at,
            processed=before.processed + len(events) + (0 if self.accepted else len(self.raws)),
            failed=before.failed + failed,
            duplicates=before.duplicates + len(self.accepted) - len(events) - failed,
            clamped=before.clamped + sum(event.clamped for event in events),
            stage_seconds={name: round(spent, 3) for name, spent in seconds.items()},
        )

    def fates(self) -> list[Fate]:
        """What became of each event, for those who look over our shoulder."""
        matched = self.matches.events if self.matches else []
        leads = {one.event.offset: one.lead_id for one in matched}
        signals = self.decided.by_offset
        return [
            _fate(raw, one, leads.get(raw.offset), signals.get(raw.offset, []))
            for raw, one in zip(self.raws, self.accepted, strict=bool(self.accepted))
        ]


def _fate(
    raw: RawEvent, one: Event | FailedEvent | Duplicate, lead_id: str | None, signals: list[str]
) -> Fate:
    fate = Fate(raw.offset, raw.recorded_at, "processed", lead_id=lead_id, signals=signals)
    fate.imported = raw.door is Door.IMPORT
    match one:
        case Event():
            fate.message_id, fate.name = one.message_id, one.name
        case Duplicate():
            fate.fate, fate.message_id = "duplicate", one.message_id
        case FailedEvent():
            fate.fate = "failed"
            fate.detail = "; ".join(str(problem) for problem in one.problems)
    return fate
