"""What passes between the first three stages: one type a stage, so that none can be skipped."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import msgspec

from core.errors import Problem


class Door(enum.StrEnum):
    """Which door an event came in by. The door for history sends no signals."""

    LIVE = "live"
    IMPORT = "import"


class RawEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as received and logged: not yet understood, never lost."""

    offset: int
    recorded_at: int
    door: Door
    source: str
    key_id: str
    ip: str
    user_agent: str
    body: bytes


class IdentifierKind(enum.StrEnum):
    """Strongest first: on a conflict the later one is dropped."""

    USER_ID = "user_id"
    EMAIL = "email_sha256"
    CRM_ID = "crm_id"
    ANONYMOUS_ID = "anonymous_id"


class Identifier(NamedTuple):
    """Anything that points to one person. An email stands as SHA-256 of its normal form."""

    kind: IdentifierKind
    value: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A validated event in our words. Times in microseconds, UTC."""

    offset: int
    message_id: str
    """As its sender named it, else `offset:…`, which stands for nothing but this one event."""
    door: Door
    kind: str
    """track, page, screen, identify, group or alias."""
    name: str
    """`page_viewed`, `form_submitted`, `opportunity_closed` …: lower case with underscores."""
    occurred_at: int
    known_at: int
    recorded_at: int
    identifiers: tuple[Identifier, ...]
    email: str | None = None
    group_id: str | None = None
    path: str = ""
    session_id: str | None = None
    ip: str = ""
    user_agent: str = ""
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    traits: dict[str, Any] = msgspec.field(default_factory=dict)
    company: dict[str, Any] = msgspec.field(default_factory=dict)
    named: bool = True
    """Its sender gave it a message id: only then can another one be its copy."""
    clamped: bool = False
    """Its own time lay in the future and was set to the time of receipt."""


class FailedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Accepted, but it breaks the event contract: kept with all its reasons, repairable."""

    raw: RawEvent
    reason: str
    problems: tuple[Problem, ...]


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """The same message once more."""

    offset: int
    message_id: str


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Two leads turned out to be one person. `because` is the identifier that showed it."""

    survivor: str
    absorbed: str
    because: str
    known_at: int
    offset: int
    survivor_account: str | None = None
    absorbed_account: str | None = None
    """Where each belonged before."""
    account: str | None = None
    """Where the survivor belongs now."""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A lead came to belong to an account (or to another one)."""

    lead_id: str
    before: str | None
    after: str | None


class MatchedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event whose person, and company where known, are settled."""

    event: Event
    lead_id: str
    account_id: str | None
    founded: bool = False
    merges: tuple[Merge, ...] = ()
    moves: tuple[Move, ...] = ()


class EnrichedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A matched event with the facts we know of person and company at that time."""

    matched: MatchedEvent
    person: dict[str, Any]
    """Facts this event adds or changes on the person: `seniority`, `role`, `source` …"""
    company: dict[str, Any]
    """The same for the company: `industry`, `employees`, `region` …"""
    degraded: tuple[str, ...] = ()
