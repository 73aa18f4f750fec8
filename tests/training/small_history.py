"""A history without a lake: leads whose number is odd look at prices, and win more often."""

from __future__ import annotations

import random

import sqlalchemy as sa

from core.clock import DAY, from_iso
from core.database import upsert, writing
from events.outcomes import CRM_LEAD, OUTCOME
from features.vector import FeatureVector, vector

CREATED = from_iso("2026-01-05")
NOW = from_iso("2026-06-01")
_EMPTY = vector("", None, None, None, 0).values


def vectors(_installation, _engine, asks):
    """Stands for `features.offline.vectors`."""
    told = []
    for ask in asks:
        number = int(ask.identifier.value[1:])
        views = (number % 2) * 5 + number % 3
        values = {**_EMPTY, "pricing_views_30d": views, "seniority": ("vp", None)[number % 5 == 0]}
        told.append(FeatureVector(f"lead-{number}", f"account-{number // 2}", ask.moment, values))
    return told


def write_history(
    engine: sa.Engine, leads: int = 160, shares: tuple[float, float] = (0.02, 0.9)
) -> None:
    """`shares`: of the even ones and of the odd ones that win."""
    chance = random.Random(4)
    opened, deals = [], []
    for number in range(leads):
        at = CREATED + number % 30 * DAY
        lead = {"crm_id": f"c{number}", "lead_id": f"lead-{number}", "created_at": at}
        opened.append({**lead, "known_at": at, "owner": None})
        won = chance.random() < shares[number % 2]
        closed_at = at + 50 * DAY
        deal = {"deal_id": f"d{number}", "crm_id": f"c{number}", "lead_id": f"lead-{number}"}
        deal |= {"account_id": None, "won": won, "value": 1.0}
        deals.append({**deal, "closed_at": closed_at, "known_at": closed_at})
    with writing(engine) as connection:
        upsert(CRM_LEAD, connection, opened)
        upsert(OUTCOME, connection, deals)
