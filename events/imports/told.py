"""What the row of a file tells of a lead and of its deal."""

from __future__ import annotations

import msgspec

from events.attributes import Value


class Deal(msgspec.Struct, array_like=True):
    """How a row's deal stands. `closed_at` None: it is decided, and the file does not say when."""

    deal_id: str
    end: str
    closed_at: int | None = None
    value: float | None = None
    currency: str | None = None


class Told(msgspec.Struct, array_like=True):
    """What one row tells, before it is compared with what is known. Times in microseconds, UTC."""

    line: int
    crm_id: str
    external: str | None = None
    """The CRM id that the messages carry: a deal found by email or user id carries none."""
    email: str | None = None
    user_id: str | None = None
    created_at: int | None = None
    dated: bool = False
    """The row has its own date of creation; else one date was told for all rows."""
    account: str | None = None
    owner: str | None = None
    facts: dict[str, str] = {}
    values: dict[str, Value] = {}
    dates: dict[str, int] = {}
    """Attributes that are dates: they become days since the creation."""
    deal: Deal | None = None
