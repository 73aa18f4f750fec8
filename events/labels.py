"""label: which leads were won. A lead is won when a deal of it closes won in its label window.

The window is whole UTC days d … d + n - 1, d being the day on which the CRM opened the lead. While
it runs the lead is censored: an open deal is not a lost one, and a deal won early would be counted
without the losses that come later. Once it is over, not won is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.clock import DAY, day_end
from core.database import reading
from events.outcomes import CRM_LEAD, OUTCOME

_DEAL = ("crm_id", "lead_id", "won", "value", "closed_at")


class Label(NamedTuple):
    """How one lead of the CRM ended. Times in microseconds, UTC."""

    crm_id: str
    created_at: int
    won: bool
    closed_at: int | None
    """When its first deal closed, won or lost; None while none has."""
    value: float | None = None
    """Of the deal that decided: the first one won in the window, else the first that closed."""

    def moment(self, age_days: int) -> int:
        """The end of the UTC day that lies `age_days` after the one of creation."""
        return day_end(self.created_at + age_days * DAY)

    def closed_by(self, moment: int) -> bool:
        return self.closed_at is not None and self.closed_at <= moment

    def settled_at(self, window_days: int) -> int:
        """From when on it is known how it ended: its first closing, else the end of its window."""
        end = window_end(self.created_at, window_days)
        return end if self.closed_at is None else min(self.closed_at, end)


class Labels(NamedTuple):
    known: list[Label]
    """In order of creation."""
    censored: int
    """Leads whose window still runs."""


def label(engine: sa.Engine, window_days: int, now: int) -> Labels:
    """Labels all leads that the CRM had opened, from what was known at `now`."""
    with reading(engine) as connection:
        leads = connection.execute(
            sa.select(CRM_LEAD.c.crm_id, CRM_LEAD.c.lead_id, CRM_LEAD.c.created_at)
            .where(CRM_LEAD.c.known_at <= now)
            .order_by(CRM_LEAD.c.created_at, CRM_LEAD.c.crm_id)
        ).all()
        deals = connection.execute(
            sa.select(*(OUTCOME.c[name] for name in _DEAL))
            .where(OUTCOME.c.known_at <= now)
            .order_by(OUTCOME.c.closed_at)
        ).all()
    closings = _by_lead(leads, deals)
    ended = [lead for lead in leads if window_end(lead.created_at, window_days) <= now]
    known = [
        _label(lead.crm_id, lead.created_at, closings.get(lead.crm_id, []), window_days)
        for lead in ended
    ]
    return Labels(known, len(leads) - len(ended))


def window_end(created_at: int, window_days: int) -> int:
    """The first instant after the window."""
    return (created_at // DAY + window_days) * DAY


def _by_lead(leads: Sequence[Any], deals: Sequence[Any]) -> dict[str, list[Any]]:
    """CRM id → its closed deals, earliest first. A deal without a CRM id goes by its lead."""
    crm_ids = {lead.lead_id: lead.crm_id for lead in leads}
    closings: dict[str, list[Any]] = {}
    for deal in deals:
        crm_id = deal.crm_id or crm_ids.get(deal.lead_id)
        if crm_id is not None:
            closings.setdefault(crm_id, []).append(deal)
    return closings


def _label(crm_id: str, created_at: int, closings: Sequence[Any], window_days: int) -> Label:
    end = window_end(created_at, window_days)
    won = next((deal for deal in closings if deal.won and deal.closed_at < end), None)
    first = closings[0] if closings else None
    decided = won or first
    return Label(
        crm_id,
        created_at,
        won is not None,
        first.closed_at if first else None,
        decided.value if decided else None,
    )
