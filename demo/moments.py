"""The world has days only; here each of its rows gets a moment, always the same one for a seed.

Within a day of one lead the causal order holds: the CRM opens the lead, its facts arrive, things
happen, a deal is opened, a deal is closed. Each kind has a slot of the day of its own.
"""

from __future__ import annotations

import enum
import hashlib

DAY_MS = 86_400_000
_MINUTE_MS = 60_000


class Slot(enum.Enum):
    """From minute, to minute of the UTC day: where a kind of row may fall."""

    CREATED = (300, 480)
    HAPPENED = (510, 1_230)
    DEAL_CLOSED = (1_290, 1_410)


def draw(seed: int, *words: str) -> int:
    """64 bits that look random and depend on nothing but the arguments."""
    told = f"{seed}|{'|'.join(words)}"
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest())


def moment(seed: int, day: int, slot: Slot, row_id: str) -> int:
    """Milliseconds since the epoch, UTC, on `day` (days since the epoch) within the slot."""
    start, end = slot.value
    within = draw(seed, "moment", row_id) % ((end - start) * _MINUTE_MS)
    return day * DAY_MS + start * _MINUTE_MS + within


def iso(at_ms: int) -> str:
    """1764000000123 → `2025-11-24T16:00:00.123Z`."""
    from core.clock import to_iso

    return to_iso(at_ms * 1000)
