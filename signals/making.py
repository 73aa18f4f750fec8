"""A decision becomes a signal: its id, its score, its route, all that the contract asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from core.clock import to_iso
from core.crypto import sha256_hex
from signals.route import route, tell
from signals.standing import Standing, answer
from signals.types import RESCORED, About, Signal, Trigger

if TYPE_CHECKING:
    from rules import Route


class Case(msgspec.Struct, frozen=True):
    """What every signal of one look at one lead has in common."""

    standing: Standing
    trigger: Trigger
    about: About
    now: int
    source: str


def cause_of(trigger: Trigger) -> str:
    return trigger.message_id or f"{RESCORED}@{trigger.at}"


def signal_id(subject: str, signal_type: str, rule: str, cause: str) -> str:
    """32 hex characters from what crossed what: computed twice it is the same signal."""
    parts = (subject, signal_type, rule, cause)
    return sha256_hex(msgspec.json.encode(parts).decode())[:32]


def make_signal(
    case: Case,
    signal_type: str,
    subject: str,
    rule: str,
    cause: str,
    extra: dict[str, Any] | None = None,
) -> Signal:
    standing, trigger = case.standing, case.trigger
    found = route(standing, case.about, signal_type)
    data = {
        "lead_id": standing.vector.lead_id,
        "account_id": standing.vector.account_id,
        "person": case.about.person,
        "company": case.about.company,
        "score": _score(standing, found),
        "route": tell(found),
        "trigger": {
            "event": trigger.event,
            "message_id": trigger.message_id,
            "at": to_iso(trigger.at),
        },
        **(extra or {}),
    }
    return Signal(
        id=signal_id(subject, signal_type, rule, cause),
        source=case.source,
        type=signal_type,
        subject=subject,
        time=case.now,
        data=data,
        pool=found.pool,
    )


def _score(standing: Standing, found: Route) -> dict[str, Any]:
    """The score; a route that raised is named with whatever else it did without."""
    told = answer(standing, "short")
    told["degraded"] += [f"rule:{name}" for name in found.failed]
    return told
