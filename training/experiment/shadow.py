"""What a challenger would have said: its scores beside the champion's, for the same leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from core.clock import DAY
from training.experiment.difference import ENOUGH, count_by_look
from training.experiment.interval import Interval, interval
from training.experiment.measures import Range, told
from training.experiment.path import looks_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scoring.experiment import Spec
    from training.experiment.interval import Numbers
    from training.experiment.units import Leads, Units


class Shadow(msgspec.Struct, frozen=True, kw_only=True):
    """Counted are leads whose unit's window has run. AUC: of the priority, by which is acted."""

    leads: int
    same_band: float
    """Share of leads that both put into the same band."""
    hot_champion: int
    hot_challenger: int
    counted: int
    won: int
    auc_champion: float | None
    auc_challenger: float | None
    brier_champion: float | None
    brier_challenger: float | None
    gain: Range
    """Champion's Brier score minus the challenger's: above 0 the challenger's chances are truer."""


class Seen(NamedTuple):
    """The figures, and the gain at each look, for the stop rule."""

    shadow: Shadow
    gain: Interval


def compare(leads: Leads, units: Units, spec: Spec, start: int, now: int) -> Seen:
    """Both arms on the same leads, by their first scores."""
    known_at = units.first_at[leads.unit] + spec.window_days * DAY
    ran = known_at <= now
    won = leads.won[ran].astype(np.float64)
    errors = [(both[ran] - won) ** 2 for both in (leads.propensity, leads.shadow_propensity)]
    gain = _gain(leads, units, spec, looks_between(start, now))
    shadow = Shadow(
        leads=len(leads.unit),
        same_band=float((leads.band == leads.shadow_band).mean()) if len(leads.unit) else 0.0,
        hot_champion=int((leads.band == "hot").sum()),
        hot_challenger=int((leads.shadow_band == "hot").sum()),
        counted=int(ran.sum()),
        won=int(won.sum()),
        auc_champion=auc(leads.priority[ran], won),
        auc_challenger=auc(leads.shadow_priority[ran], won),
        brier_champion=_mean(errors[0]),
        brier_challenger=_mean(errors[1]),
        gain=told(gain.at(-1)),
    )
    return Seen(shadow, gain)


def _gain(leads: Leads, units: Units, spec: Spec, looks: NDArray[np.int64]) -> Interval:
    """A unit's gain is the mean over its leads, because they are not independent of each other."""
    won = leads.won.astype(np.float64)
    each = (leads.propensity - won) ** 2 - (leads.shadow_propensity - won) ** 2
    scored = np.isfinite(each)
    many = np.bincount(leads.unit[scored], minlength=len(units.first_at))
    summed = np.bincount(leads.unit[scored], each[scored], len(units.first_at))
    known_at = units.first_at + spec.window_days * DAY
    chosen = (many > 0) & (known_at <= looks[-1])
    values = summed[chosen] / many[chosen]
    at = np.searchsorted(looks, known_at[chosen])
    counted = count_by_look(values, at, len(looks))
    wins = count_by_look((units.won_at[chosen] > 0).astype(np.float64), at, len(looks)).total
    units_by_then = np.maximum(counted.units, 1)
    mean = counted.total / units_by_then
    spread = np.maximum(counted.squares / units_by_then - mean**2, 0)
    error = np.sqrt(spread / np.maximum(counted.units - 1, 1))
    return interval(mean, error, np.where(wins >= ENOUGH, counted.units, 0), spec.planned)


def auc(scores: Numbers, won: Numbers) -> float | None:
    """The chance that a won lead scores above one that was not; None without one of each."""
    from scipy.stats import rankdata

    positive = won > 0
    pairs = int(positive.sum()) * int((~positive).sum())
    if not pairs or not np.isfinite(scores).all():
        return None
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - positive.sum() * (positive.sum() + 1) / 2) / pairs)


def _mean(errors: Numbers) -> float | None:
    return float(errors.mean()) if len(errors) and np.isfinite(errors).all() else None
