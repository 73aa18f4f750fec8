"""The units of an experiment, read from the record: who was in which arm, and what came of it.

A lead counts in the unit in which it was scored first, also if its account became known later or if
it was merged into another lead since. A deal counts for its lead's unit if it was won after the
lead's own first score, within the window that begins with the unit's first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from core.clock import DAY
from core.database import reading
from events.identity.tables import LEAD_MERGE
from events.outcomes import OUTCOME
from scoring.arms import CHALLENGER
from scoring.experiment import Experiment, Metric
from signals.exposure import EXPOSURE
from signals.suppressions import harmed_first

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.experiment.interval import Numbers

NEVER = 2**62
"""Later than any moment."""


class Units(NamedTuple):
    """One entry a unit. Times in microseconds, UTC."""

    challenger: NDArray[np.bool_]
    first_at: NDArray[np.int64]
    won_at: NDArray[np.int64]
    """When its first deal was won inside its window; 0 for none."""
    revenue: Numbers
    """Of all its deals won inside its window."""
    leads: NDArray[np.int64]
    scores: NDArray[np.int64]
    signals: NDArray[np.int64]
    harmed: NDArray[np.bool_]
    """Suppressed by a rule that tells of harm: since its first score, and before it was won."""
    unsubscribed: NDArray[np.bool_]
    """Since its first score."""
    crossed: int
    """Leads that were scored in both arms: their account became known, or they were merged."""

    def values(self, metric: Metric, window_days: int, cap: float | None) -> Numbers:
        """What each unit is worth by a metric, once its window has run."""
        won = (self.won_at > 0).astype(np.float64)
        if metric is Metric.WIN_RATE:
            return won
        if metric is Metric.REVENUE:
            return self.revenue if cap is None else np.minimum(self.revenue, cap)
        took: Numbers = (self.won_at - self.first_at) / (window_days * DAY)
        return won * (1 - took)


class Leads(NamedTuple):
    """One entry a lead: its first score, and the challenger's at the same moment where it shadows.

    What was not scored is NaN, or an empty band.
    """

    unit: NDArray[np.int64]
    """Its place among the units."""
    won: NDArray[np.bool_]
    """A deal of its own was won inside its unit's window."""
    propensity: Numbers
    priority: Numbers
    band: NDArray[np.str_]
    shadow_propensity: Numbers
    shadow_priority: Numbers
    shadow_band: NDArray[np.str_]


class _Unit:
    """One unit while its rows are read."""

    def __init__(self, row: Any) -> None:
        self.challenger = row.arm == CHALLENGER
        self.first_at = int(row.first_at)
        self.won_at, self.revenue = 0, 0.0
        self.leads = self.scores = self.signals = 0
        self.unsubscribed = False
        self._harmed_at = self._customer_since = NEVER

    def count(self, row: Any, harmed_at: int | None, *, new_lead: bool) -> None:
        self.leads += new_lead
        self.scores += row.scores
        self.signals += row.signals
        self.unsubscribed |= row.unsubscribed > row.unsubscribed_before
        if harmed_at is not None and harmed_at > row.first_at:
            self._harmed_at = min(self._harmed_at, harmed_at)

    @property
    def harmed(self) -> bool:
        """Whoever was won is a customer: what they do from then on says nothing of the arm."""
        return self._harmed_at < self._customer_since

    def buy(self, at: int) -> None:
        self._customer_since = min(self._customer_since, at)

    def win(self, at: int, value: float) -> None:
        self.won_at = at if not self.won_at else min(at, self.won_at)
        self.revenue += value


class Reading:
    """Rows and deals on their way to units. `survivors`: absorbed lead → what it is part of now;
    `harmed`: lead and unit → when a rule that tells of harm first suppressed it.
    """

    def __init__(
        self, survivors: dict[str, str], harmed: dict[tuple[str, str], int] | None = None
    ) -> None:
        self._survivors = survivors
        self._harmed = harmed or {}
        self._first: dict[str, Any] = {}
        """Lead → the row of its first score."""
        self._won: set[str] = set()
        self._crossed: set[str] = set()
        self._units: dict[str, _Unit] = {}

    def see(self, row: Any) -> None:
        """Rows come in the order of their first scores."""
        lead_id = self._survivors.get(row.lead_id, row.lead_id)
        first = self._first.setdefault(lead_id, row)
        if first.arm != row.arm:
            self._crossed.add(lead_id)
        if first.unit == row.unit:
            unit = self._units.setdefault(row.unit, _Unit(row))
            harmed_at = self._harmed.get((row.lead_id, row.unit))
            unit.count(row, harmed_at, new_lead=first is row)

    def win(self, deal: Any, window: int) -> None:
        """A deal that was won; `window` in microseconds."""
        lead_id = self._survivors.get(deal.lead_id, deal.lead_id)
        first = self._first.get(lead_id)
        if first is None or deal.closed_at <= first.first_at:
            return
        unit = self._units[first.unit]
        unit.buy(deal.closed_at)
        if deal.closed_at <= unit.first_at + window:
            unit.win(deal.closed_at, deal.value or 0.0)
            self._won.add(lead_id)

    def units(self) -> Units:
        def column(name: str, kind: type) -> Any:
            return np.array([getattr(one, name) for one in self._units.values()], dtype=kind)

        return Units(
            challenger=column("challenger", np.bool_),
            first_at=column("first_at", np.int64),
            won_at=column("won_at", np.int64),
            revenue=column("revenue", np.float64),
            leads=column("leads", np.int64),
            scores=column("scores", np.int64),
            signals=column("signals", np.int64),
            harmed=column("harmed", np.bool_),
            unsubscribed=column("unsubscribed", np.bool_),
            crossed=len(self._crossed),
        )

    def leads(self) -> Leads:
        def column(name: str, kind: type) -> Any:
            empty = "" if kind is np.str_ else np.nan
            told = [getattr(row, name) for row in self._first.values()]
            return np.array([empty if one is None else one for one in told], dtype=kind)

        places = {unit: at for at, unit in enumerate(self._units)}
        return Leads(
            unit=np.array([places[row.unit] for row in self._first.values()], dtype=np.int64),
            won=np.array([lead_id in self._won for lead_id in self._first], dtype=np.bool_),
            propensity=column("propensity", np.float64),
            priority=column("priority", np.float64),
            band=column("band", np.str_),
            shadow_propensity=column("shadow_propensity", np.float64),
            shadow_priority=column("shadow_priority", np.float64),
            shadow_band=column("shadow_band", np.str_),
        )


def read(engine: sa.Engine, experiment: Experiment) -> tuple[Units, Leads]:
    """All that were scored in it so far, with the deals known so far."""
    with reading(engine) as record:
        harmed = harmed_first(record, experiment.id, experiment.spec.harmful)
        found = Reading(survivors_in(record), harmed)
        scored = sa.select(EXPOSURE).where(EXPOSURE.c.experiment == experiment.id)
        for row in record.execute(scored.order_by(EXPOSURE.c.first_at, EXPOSURE.c.lead_id)):
            found.see(row)
        deals = sa.select(OUTCOME.c.lead_id, OUTCOME.c.closed_at, OUTCOME.c.value).where(
            OUTCOME.c.won, OUTCOME.c.closed_at > experiment.started_at
        )
        for deal in record.execute(deals):
            found.win(deal, experiment.spec.window_days * DAY)
    return found.units(), found.leads()


def survivors_in(record: sa.Connection) -> dict[str, str]:
    """Absorbed lead → the lead that it is part of now."""
    pairs = record.execute(sa.select(LEAD_MERGE.c.absorbed, LEAD_MERGE.c.survivor))
    into: dict[str, str] = {row.absorbed: row.survivor for row in pairs}
    found: dict[str, str] = {}
    for absorbed in into:
        survivor = absorbed
        while survivor in into:
            survivor = into[survivor]
        found[absorbed] = survivor
    return found
