"""What this stage is given, what it remembers, and what it tells. Times in microseconds, UTC."""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import to_iso
from rules.pool import Pool

HOT = "lead.hot"
COOLED = "lead.cooled"
SUPPRESSED = "lead.suppressed"
IDENTIFIED = "lead.identified"
MQA = "account.mqa"
ACCOUNT_COOLED = "account.cooled"
WON = "outcome.won"
LOST = "outcome.lost"
MODEL_DRIFT = "model.drift"
"""Of no lead: the leads that come, or how they end, have moved away from what the model knows."""
TYPES = (HOT, COOLED, SUPPRESSED, IDENTIFIED, MQA, ACCOUNT_COOLED, WON, LOST, MODEL_DRIFT)

RESCORED = "rescored"
"""The event name of a trigger that is no event but the time a lead was due again."""


class ClosedDeal(msgspec.Struct, frozen=True, kw_only=True):
    """An opportunity that was won or lost, and the message that said so."""

    deal_id: str
    message_id: str
    won: bool
    value: float | None = None


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Why a lead is looked at now."""

    event: str
    """The event's name, or `RESCORED`."""
    message_id: str | None
    """None for a rescore: then `at` stands for it, so `at` is the `rescore_at` that was due."""
    at: int
    """When it was known (or due)."""
    occurred_at: int
    identified: bool = False
    """This event told us for the first time who the lead is, and somebody wants to hear of it."""
    closed: tuple[ClosedDeal, ...] = ()


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a signal is about: what a seller sees, and what routing may ask beside features."""

    person: dict[str, Any] = {}
    company: dict[str, Any] = {}
    owner: str | None = None
    """The CRM's owner of the lead."""
    email_domain: str | None = None


class BandState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a lead stood when it was last looked at, and what was told of it."""

    lead_id: str
    band: str | None = None
    """hot, warm or cold; None until the first live scoring."""
    priority: float = 0.0
    since: int = 0
    """When it entered the band."""
    rescore_at: int | None = None
    """When time alone may lower the band; None if it cannot fall."""
    told: str | None = None
    """What receivers believe: `hot`, `suppressed` or nothing special."""
    sent: dict[str, int] = {}
    """Signal type → when it was last sent: cooldowns count from there."""


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether receivers were told that an account is marketing-qualified."""

    account_id: str
    told: bool = False
    sent: dict[str, int] = {}


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A decision worth telling: one CloudEvent 1.0."""

    id: str
    source: str
    type: str
    subject: str
    time: int
    data: dict[str, Any]
    pool: Pool | None = None
    """The round robin that has yet to choose the owner of its route; receivers do not see it."""

    def to_cloudevent(self) -> dict[str, Any]:
        """The JSON that receivers and the API get, as in the contract."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": to_iso(self.time),
            "datacontenttype": "application/json",
            "data": self.data,
        }


class NoSignal(msgspec.Struct, frozen=True):
    """Nothing to tell, and why: `unchanged`, `late` or `cooldown`."""

    reason: str
    type: str | None = None
    until: int | None = None
    """When a cooldown ends."""


class Decision(msgspec.Struct, frozen=True):
    """The lead's next state, and what is to be told. Never empty: silence has a reason."""

    state: BandState
    signals: tuple[Signal | NoSignal, ...]


class AccountDecision(msgspec.Struct, frozen=True):
    """The same for an account."""

    state: AccountState
    signal: Signal | NoSignal
