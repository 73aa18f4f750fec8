"""Labels → the moments at which training looks at each lead: ages, stages and signals.

Which of them it looks at is declared in the settings (`ages_days`, `at_stages`, `at_signals`) and
belongs to the definition of a label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.database import reading
from events.crm_leads import opened
from events.labels import Definition, Label, window_end
from events.stages import CRM_STAGE
from signals.outbox import DELIVERED
from signals.tables import OUTBOX, SIGNAL
from signals.types import COOLED, HOT, IDENTIFIED

TOLD_OPEN = (HOT, COOLED, IDENTIFIED)
"""Signals that ask somebody to look at a lead; the others tell of its end, or of no lead."""

MOST_TURNS = 10
"""Stages and signals of one lead that are looked at, the first ones: later ones would weigh a
hundredth of another age, and cost as much to read as any."""


class Moment(NamedTuple):
    """One lead at one time, in microseconds, UTC."""

    label: Label
    at: int
    age: int | None
    """In days; None at a stage or signal, which comes at any age."""
    turn: int = 0
    """Which of the lead's stages and signals it is, the first being 1; 0 at an age."""
    lead_id: str | None = None
    """Whom the stage or signal was of, as matched then."""


def moments(engine: sa.Engine, labels: Sequence[Label], what: Definition, now: int) -> list[Moment]:
    """Every moment of these leads that has passed, as `what` declares them."""
    found = at_ages(labels, what.ages_days, now)
    if not what.at_stages and not what.at_signals:
        return found
    with reading(engine) as connection:
        told = [*_stages(connection, now)] if what.at_stages else []
        told += _signals(connection, now) if what.at_signals else []
        of_lead = opened(connection, now).sort(told)
    for one in labels:
        found += _in_window(one, of_lead.get(one.crm_id, ()), what.window_days)
    return found


def at_ages(labels: Sequence[Label], ages: Sequence[int], now: int) -> list[Moment]:
    """The ends of the days at which they were so old."""
    return [
        Moment(one, one.moment(age), age)
        for one in labels
        for age in ages
        if one.moment(age) <= now
    ]


def _in_window(one: Label, told: Iterable[Any], window_days: int) -> list[Moment]:
    """In order of time. A stage that caused a signal is one moment with it, and what lies outside
    the label window asks nothing that the label answers.
    """
    end = window_end(one.created_at, window_days)
    times = {row.at: row.lead_id for row in told if one.created_at <= row.at < end}
    return [
        Moment(one, at, None, turn, lead_id)
        for turn, (at, lead_id) in enumerate(sorted(times.items())[:MOST_TURNS], 1)
    ]


def _stages(connection: sa.Connection, now: int) -> Sequence[Any]:
    columns = (CRM_STAGE.c.crm_id, CRM_STAGE.c.lead_id, CRM_STAGE.c.known_at.label("at"))
    return connection.execute(sa.select(*columns).where(CRM_STAGE.c.known_at <= now)).all()


def _signals(connection: sa.Connection, now: int) -> Sequence[Any]:
    """Those that reached somebody."""
    nobody = sa.literal(None, sa.String).label("crm_id")
    sent = sa.select(OUTBOX.c.signal_id).where(OUTBOX.c.state == DELIVERED)
    asked = sa.select(nobody, SIGNAL.c.lead_id, SIGNAL.c.at).where(
        SIGNAL.c.type.in_(TOLD_OPEN), SIGNAL.c.at <= now, SIGNAL.c.id.in_(sent)
    )
    return connection.execute(asked).all()
