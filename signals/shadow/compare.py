"""A batch's leads once more, under the draft: what would have been told, and what was.

Each lead keeps a state of its own under the draft as soon as that differs, so hysteresis and
cooldowns are the draft's. What is counted is saved in the worker's transaction, so a batch that is
run again after a crash is counted once.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY
from core.database import chunks, upsert
from rules import Rulebook
from signals.decide import decide
from signals.moved import moved, settings_moved
from signals.shadow.draft import end
from signals.shadow.follow import Shadow
from signals.shadow.tables import RULE_SHADOW_COUNT, RULE_SHADOW_LEAD, RULE_SHADOW_SIGNAL
from signals.standing import Standing, stand
from signals.types import About, BandState, Decision, Signal, Trigger

MOST_LEADS = 10_000
"""Leads that differ and are remembered, the newest; older ones start again from the live state."""
MOST_CAUSES = 5


class Look(NamedTuple):
    """One lead as the worker looked at it, and what it decided."""

    before: BandState | None
    standing: Standing
    trigger: Trigger
    about: About
    decision: Decision
    facts: Mapping[str, Any]
    snoozed: frozenset[str]


class Comparison(msgspec.Struct):
    """Of one batch. `failed` says why the draft has to stop."""

    shadow: int
    at: int
    bands: Counter[tuple[str, str]]
    signals: Counter[tuple[str, str]]
    """(type, `live` or `draft`) → how many."""
    differing: list[dict[str, Any]]
    alike: list[str]
    """Leads that differed before, and do no longer."""
    failed: str = ""

    def save(self, connection: sa.Connection, merged: Iterable[str] = ()) -> None:
        """In the worker's transaction. `merged`: leads absorbed by others."""
        upsert(RULE_SHADOW_COUNT, connection, self._bands(), added=("looks",))
        upsert(RULE_SHADOW_SIGNAL, connection, self._signals(), added=("live", "draft"))
        for part in chunks([*self.alike, *merged]):
            connection.execute(
                sa.delete(RULE_SHADOW_LEAD).where(RULE_SHADOW_LEAD.c.lead_id.in_(part))
            )
        upsert(RULE_SHADOW_LEAD, connection, self.differing)
        _prune(connection)
        if self.failed:
            end(connection, self.shadow, self.at, self.failed)

    def _bands(self) -> list[dict[str, Any]]:
        return [
            {**self._day(), "live_band": live, "shadow_band": draft, "looks": looks}
            for (live, draft), looks in self.bands.items()
        ]

    def _signals(self) -> list[dict[str, Any]]:
        return [
            {**self._day(), "type": told, "live": self.signals[told, "live"],
             "draft": self.signals[told, "draft"]}
            for told in sorted({told for told, _ in self.signals})
        ]  # fmt: skip

    def _day(self) -> dict[str, int]:
        return {"shadow": self.shadow, "day": self.at // DAY}


def none_of(shadow: Shadow, at: int, failed: str = "") -> Comparison:
    return Comparison(shadow.draft.id, at, Counter(), Counter(), [], [], failed)


def in_share(lead_id: str, share: int) -> bool:
    """The same leads at every look; `share` in percent."""
    return zlib.crc32(lead_id.encode()) % 100 < share


def compare(
    record: sa.Connection,
    shadow: Shadow,
    looks: Sequence[Look],
    *,
    now: int,
    source: str,
    late_after: int,
) -> Comparison:
    """Changes nothing. A draft that raises is to be stopped: `failed` says why."""
    if shadow.rulebook is None:
        return none_of(shadow, now, shadow.refused)
    found = none_of(shadow, now)
    asked = [one for one in looks if in_share(one.standing.vector.lead_id, shadow.draft.share)]
    try:
        _compare(record, shadow.rulebook, asked, found, source, late_after)
    except Exception as fault:  # noqa: BLE001 - a draft must never cost a live lead its signal
        return none_of(shadow, now, f"{type(fault).__name__}: {fault}")
    return found


def _compare(
    record: sa.Connection,
    rulebook: Rulebook,
    looks: Sequence[Look],
    found: Comparison,
    source: str,
    late_after: int,
) -> None:
    held = _load(record, [one.standing.vector.lead_id for one in looks])
    reports = rulebook.evaluate([one.facts for one in looks], [one.snoozed for one in looks])
    for look, report in zip(looks, reports, strict=True):
        live = look.standing
        before = held.get(live.vector.lead_id, look.before)
        standing = stand(
            rulebook, live.release, live.scorer, live.vector, report, live.score, live.degraded,
            before.band if before else None,
        )  # fmt: skip
        decision = decide(
            before, standing, look.trigger, rulebook, found.at,
            about=look.about, source=source, late_after=late_after,
        )  # fmt: skip
        _count(found, look, standing, decision)
    found.alike = sorted(held.keys() - {row["lead_id"] for row in found.differing})


def _count(found: Comparison, look: Look, standing: Standing, decision: Decision) -> None:
    live = look.standing
    found.bands[live.band, standing.band] += 1
    for side, told in (("live", look.decision), ("draft", decision)):
        found.signals.update((one.type, side) for one in told.signals if isinstance(one, Signal))
    if _same(look.decision.state, decision.state):
        return
    causes = moved(
        (live.rulebook, live.report),
        (standing.rulebook, standing.report),
        with_model=standing.score is not None,
    )
    found.differing.append(
        {
            "lead_id": live.vector.lead_id,
            "at": found.at,
            "state": msgspec.to_builtins(decision.state),
            "live_band": live.band,
            "draft_band": standing.band,
            "live_priority": live.priority,
            "because": [
                *([one.id, one.by] for one in causes[:MOST_CAUSES]),
                *([name, None] for name in settings_moved(live.rulebook, standing.rulebook)),
            ],
        }
    )


def _same(live: BandState, draft: BandState) -> bool:
    """In all that the next decision depends on."""
    return (live.band, live.told, live.sent) == (draft.band, draft.told, draft.sent)


def _load(record: sa.Connection, lead_ids: Sequence[str]) -> dict[str, BandState]:
    found: dict[str, BandState] = {}
    for part in chunks(list(lead_ids)):
        asked = sa.select(RULE_SHADOW_LEAD.c.lead_id, RULE_SHADOW_LEAD.c.state)
        for row in record.execute(asked.where(RULE_SHADOW_LEAD.c.lead_id.in_(part))):
            found[row.lead_id] = msgspec.convert(row.state, BandState)
    return found


def _prune(connection: sa.Connection) -> None:
    newest = sa.select(RULE_SHADOW_LEAD.c.at).order_by(RULE_SHADOW_LEAD.c.at.desc())
    too_old = newest.offset(MOST_LEADS).limit(1).scalar_subquery()
    connection.execute(sa.delete(RULE_SHADOW_LEAD).where(RULE_SHADOW_LEAD.c.at <= too_old))
