"""What the decisions of a batch came to: states and signals, saved with the batch."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from rules.life.counts import Counts
from signals import assignments, bands, exposure, outbox
from signals.exposure import Exposure
from signals.shadow.comparison import Comparison
from signals.turns import Assignment
from signals.types import AccountState, BandState, Signal


class Decided(msgspec.Struct):
    states: list[BandState] = []
    account_states: dict[str, AccountState] = {}
    signals: list[Signal] = []
    by_offset: dict[int, list[str]] = {}
    """Offset of the triggering event → ids of its signals."""
    assignments: list[Assignment] = []
    """Whom round robins gave leads to, and which leads are done with."""
    counts: Counts | None = None
    """How often each rule was looked at and hit on the way."""
    exposures: list[Exposure] = []
    """Who was scored in which arm of an experiment."""
    shadow: Comparison | None = None
    """What a draft of the rules would have decided; counted, never acted on."""
    merged: Mapping[str, str] = {}
    """Leads absorbed in this batch → their survivors."""

    @property
    def judged(self) -> set[str]:
        """The leads whose band may be another one now."""
        return {state.lead_id for state in self.states}.union(self.merged.values())

    def save(self, connection: sa.Connection, now: int) -> None:
        """Inside the worker's transaction: a signal leaves if, and only if, the batch is done."""
        if self.merged:
            bands.absorb(connection, self.merged)
            assignments.absorb(connection, self.merged)
        bands.save(connection, self.states)
        bands.save_accounts(connection, list(self.account_states.values()))
        assignments.save(connection, self.assignments)
        if self.counts is not None:
            self.counts.save(connection)
        exposure.save(connection, self.exposures)
        if self.shadow is not None:
            self.shadow.save(connection, self.merged)
        outbox.put(connection, self.signals, now)
