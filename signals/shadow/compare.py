"""A batch's leads once more, under the draft: what would have been told, and what was.

Each lead keeps a state of its own under the draft as soon as that differs, so hysteresis and
cooldowns are the draft's. What is counted is saved in the worker's transaction, so a batch that is
run again after a crash is counted once.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.database import chunks
from rules import Rulebook
from signals.decide import decide
from signals.moved import moved, settings_moved
from signals.shadow.comparison import Comparison, nothing
from signals.shadow.follow import Shadow
from signals.shadow.tables import RULE_SHADOW_LEAD
from signals.standing import Standing, stand
from signals.types import About, BandState, Decision, Signal, Trigger

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
        return nothing(shadow.draft.id, now, shadow.refused)
    found = nothing(shadow.draft.id, now)
    asked = [one for one in looks if in_share(one.standing.vector.lead_id, shadow.draft.share)]
    try:
        _compare(record, shadow.rulebook, asked, found, source, late_after)
    except Exception as fault:  # noqa: BLE001 - a draft must never cost a live lead its signal
        return nothing(shadow.draft.id, now, f"{type(fault).__name__}: {fault}")
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
