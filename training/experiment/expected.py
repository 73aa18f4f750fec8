"""What the champion can be expected to do, from the leads of the past: a plan rests on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from core.clock import DAY
from core.database import reading
from events.identity.tables import LEAD
from events.outcomes import CRM_LEAD, OUTCOME
from scoring.arms import CHAMPION, unit_of
from scoring.experiment import Metric
from training.experiment.units import Reading, survivors_in

ENOUGH = 20
"""Won units of the past without which it tells nothing."""
CAPPED_AT = 0.99
"""Revenue of a unit counts up to this quantile of won ones: one huge deal decides nothing."""


class Expected(NamedTuple):
    """Mean and standard deviation of a unit's value, and where its revenue is capped."""

    base: float
    deviation: float
    cap: float | None
    units: int
    """How many of the past it was taken from; 0 if it was told by somebody."""


class _Opened(NamedTuple):
    """A lead of the CRM, read as if it had been scored when it was opened."""

    lead_id: str
    unit: str
    first_at: int
    arm: str = CHAMPION
    scores: int = 0
    signals: int = 0
    unsubscribed: int = 0
    unsubscribed_before: int = 0


def expected(engine: sa.Engine, metric: Metric, window_days: int, now: int) -> Expected | None:
    """From the units whose window after their first lead has run; None if too few were won.

    Leads that people bring in are won more often than whoever is scored: the plan is a guess, which
    the report replaces by what it sees.
    """
    found = _read(engine, window_days, now)
    units = found.units()
    if (units.won_at > 0).sum() < ENOUGH:
        return None
    cap = None
    if metric is Metric.REVENUE:
        worth = units.revenue[units.revenue > 0]
        if len(worth) < ENOUGH:
            return None
        cap = float(np.quantile(worth, CAPPED_AT))
    values = units.values(metric, window_days, cap)
    return Expected(float(values.mean()), float(values.std()), cap, len(values))


def _read(engine: sa.Engine, window_days: int, now: int) -> Reading:
    window = window_days * DAY
    opened = (
        sa.select(CRM_LEAD.c.lead_id, CRM_LEAD.c.created_at, LEAD.c.account_id)
        .join_from(CRM_LEAD, LEAD, LEAD.c.lead_id == CRM_LEAD.c.lead_id, isouter=True)
        .where(CRM_LEAD.c.created_at <= now - window)
        .order_by(CRM_LEAD.c.created_at)
    )
    won = sa.select(OUTCOME.c.lead_id, OUTCOME.c.closed_at, OUTCOME.c.value).where(OUTCOME.c.won)
    with reading(engine) as record:
        found = Reading(survivors_in(record))
        for row in record.execute(opened):
            unit = unit_of(row.lead_id, row.account_id)
            found.see(_Opened(row.lead_id, unit, row.created_at))
        for deal in record.execute(won):
            found.win(deal, window)
    return found
