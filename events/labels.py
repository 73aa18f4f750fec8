"""label: which leads were won. A lead is won when a deal of it closes won in its label window.

The window is whole UTC days d … d + n - 1, d being the day on which the CRM opened the lead. While
it runs the lead is censored: an open deal is not a lost one, and a deal won early would be counted
without the losses that come later. Once it is over, not won is 0. A window in which the CRM had
stopped telling ends (`silence.py`) was never over as far as anybody was told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY, day_end
from core.database import reading
from core.settings import Models
from events.crm_leads import opened
from events.outcomes import OUTCOME
from events.silence import Silence, silences

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
    """Leads whose window still runs or ran in a silence, and with `undecided="censored"` those
    without an end.
    """
    silences: tuple[Silence, ...] = ()


class Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a label is, as the section `models` of the settings declares it."""

    won: str
    lost: str
    open: str
    window_days: int
    moment_days: int
    ages_days: tuple[int, ...]
    undecided: str
    at_stages: bool = False
    """Taught also at the moments at which the CRM moved a lead on; with `at_signals`, at those at
    which somebody was told of it. The window is that of the lead, as at every age.
    """
    at_signals: bool = False

    @property
    def fingerprint(self) -> str:
        """Two models with the same one were taught the same question."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


def definition(models: Models) -> Definition:
    return Definition(
        won="a deal of the lead closed won in its label window",
        lost="its label window is over, and no deal of it closed won in it",
        open="its label window still runs, or ran when the CRM told no ends: censored, whatever "
        "became of its deals so far",
        window_days=models.label_days,
        moment_days=models.moment_days,
        ages_days=tuple(sorted({*models.ages_days, models.moment_days})),
        undecided=models.undecided,
        at_stages=models.at_stages,
        at_signals=models.at_signals,
    )


def label(engine: sa.Engine, window_days: int, now: int, undecided: str = "not_won") -> Labels:
    """Labels all leads that the CRM had opened, from what was known at `now`.

    With `undecided="censored"` a lead of which no deal has closed is censored, however old.
    """
    with reading(engine) as connection:
        crm = opened(connection, now)
        deals = connection.execute(
            sa.select(*(OUTCOME.c[name] for name in _DEAL))
            .where(OUTCOME.c.known_at <= now)
            .order_by(OUTCOME.c.closed_at)
        ).all()
    closings = crm.sort(deals)
    firsts = [
        (lead.created_at, told[0].closed_at if (told := closings.get(lead.crm_id)) else None)
        for lead in crm.leads
    ]
    quiet = silences(firsts, window_days, now)
    known = []
    for lead in crm.leads:
        end = window_end(lead.created_at, window_days)
        told = closings.get(lead.crm_id, [])
        if end > now or (undecided == "censored" and not told):
            continue
        if not any(one.spoils(lead.created_at, end) for one in quiet):
            known.append(_label(lead.crm_id, lead.created_at, told, window_days))
    return Labels(known, len(crm.leads) - len(known), quiet)


def window_end(created_at: int, window_days: int) -> int:
    """The first instant after the window."""
    return (created_at // DAY + window_days) * DAY


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
