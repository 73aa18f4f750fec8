"""judge: where do the leads stand that live events touched, and is that worth telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.clock import HOUR
from core.settings import Settings
from events.identity.profile import Profiles
from features.update import Updater
from serving.release.inforce import InForce
from serving.score.assess import assess
from serving.score.columns import attach
from serving.worker.cases import (
    NO_OFFSET,
    Case,
    abouts_of,
    cases_of,
    due_cases,
    facts_of,
    states_before,
    vectors_of,
)
from serving.worker.decided import Decided
from serving.worker.rule_counts import count
from serving.worker.shadowing import Shadowing
from serving.worker.stages import StageOf, untimed
from signals import bands
from signals.assignments import assign
from signals.decide import decide, decide_account
from signals.exposure import exposure_of
from signals.standing import Standing
from signals.types import About, AccountState, BandState, Decision, Signal

if TYPE_CHECKING:
    from serving.worker.batch import Batch

DUE_AT_ONCE = 500


class Judge:
    def __init__(self, settings: Settings, inforce: InForce) -> None:
        self._settings = settings
        self._inforce = inforce
        self._shadowing = Shadowing(settings)
        self.stage: StageOf = untimed
        """Told of `score`, and of what assess tells within it."""

    def judge(self, record: sa.Connection, batch: Batch, updater: Updater) -> Decided:
        """Decisions for the leads that live events touched; history decides nothing."""
        if batch.matches is None:
            return Decided()
        merged = {merge.absorbed: merge.survivor for merge in batch.matches.graph.merges}
        cases = cases_of(batch.enriched, merged)
        profiles = batch.matches.profiles
        decided = self._decide(record, cases, updater, batch.recorded_at, merged, profiles)
        decided.merged = merged
        return decided

    def rescore(self, record: sa.Connection, updater: Updater, now: int) -> Decided:
        """Decisions for the leads whose band time alone may have lowered by `now`."""
        cases = due_cases(record, now, DUE_AT_ONCE)
        return self._decide(record, cases, updater, now, {}, Profiles())

    def _decide(
        self,
        record: sa.Connection,
        cases: Sequence[Case],
        updater: Updater,
        now: int,
        merged: Mapping[str, str],
        profiles: Profiles,
    ) -> Decided:
        if not cases:
            return Decided()
        loaded = self._inforce.now()
        before = states_before(record, cases, merged)
        abouts = abouts_of(record, cases, profiles)
        vectors = vectors_of(record, cases, updater, now)
        attach(record, loaded, vectors)
        bands_before = [_band(before.get(case.lead_id)) for case in cases]
        extra = [facts_of(about) for about in abouts]
        with self.stage("score"):
            standings = assess(loaded, vectors, extra, bands_before, known_to=now, stage=self.stage)
        look = _Look(self._settings, now)
        found = Decided()
        decisions: list[Decision] = []
        accounts = bands.load_accounts(
            record, {case.account_id for case in cases if case.account_id}
        )
        for at, case in enumerate(cases):
            state = before.get(case.lead_id)
            standing = standings[at]
            decision = look.lead(state, standing, case, abouts[at])
            account = look.account(accounts, standing, case, abouts[at])
            if account or any(isinstance(one, Signal) for one in decision.signals):
                # Reasons take a model's contributions: only for what is told.
                standing = assess(
                    loaded, [vectors[at]], [extra[at]], [bands_before[at]],
                    strongest=True, known_to=now,
                )[0]  # fmt: skip
                decision = look.lead(state, standing, case, abouts[at])
                account = look.account(accounts, standing, case, abouts[at])
            _take(found, case, decision, account, accounts)
            _expose(found, standing, decision)
            decisions.append(decision)
        found.shadow = self._shadowing.look(
            record,
            loaded,
            now,
            before,
            zip(cases, abouts, extra, standings, decisions, strict=True),
        )
        found.counts = count(standings, found.signals, now)
        found.signals, found.assignments = assign(record, found.signals, merged)
        return found


class _Look:
    """What every decision of one batch has in common."""

    def __init__(self, settings: Settings, now: int) -> None:
        self._now = now
        self._source = settings.signals.source
        self._late_after = settings.worker.late_hours * HOUR

    def lead(
        self, before: BandState | None, standing: Standing, case: Case, about: About
    ) -> Decision:
        return decide(
            before,
            standing,
            case.trigger,
            standing.rulebook,
            self._now,
            about=about,
            source=self._source,
            late_after=self._late_after,
        )

    def account(
        self, states: Mapping[str, AccountState], standing: Standing, case: Case, about: About
    ) -> tuple[AccountState, Signal] | None:
        if case.account_id is None:
            return None
        decision = decide_account(
            states.get(case.account_id),
            standing,
            case.trigger,
            standing.rulebook,
            self._now,
            about=about,
            source=self._source,
            late_after=self._late_after,
        )
        if decision is None or not isinstance(decision.signal, Signal):
            return None
        return decision.state, decision.signal


def _take(
    found: Decided,
    case: Case,
    decision: Decision,
    account: tuple[AccountState, Signal] | None,
    accounts: dict[str, AccountState],
) -> None:
    found.states.append(decision.state)
    signals = [one for one in decision.signals if isinstance(one, Signal)]
    if account is not None:
        state, signal = account
        found.account_states[state.account_id] = accounts[state.account_id] = state
        signals.append(signal)
    found.signals.extend(signals)
    if signals and case.offset != NO_OFFSET:
        found.by_offset[case.offset] = [signal.id for signal in signals]


def _expose(found: Decided, standing: Standing, decision: Decision) -> None:
    """Logged with the batch, so that an answer and its arm are known together or not at all."""
    sent = sum(isinstance(one, Signal) for one in decision.signals)
    if exposure := exposure_of(standing, sent):
        found.exposures.append(exposure)


def _band(state: BandState | None) -> str | None:
    return state.band if state else None
