"""The figures of an experiment: what each arm did, what differs, and what must not get worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.clock import DAY
from scoring.arms import CHALLENGER, CHAMPION
from scoring.experiment import Metric, Spec
from training.experiment.difference import Counted
from training.experiment.interval import Interval, interval
from training.experiment.path import Path, path
from training.experiment.units import Units

if TYPE_CHECKING:
    from numpy.typing import NDArray

HARM = 0.01
"""Share of experiments without harm that a guardrail may ever stop."""


class Range(msgspec.Struct, frozen=True):
    """An estimate, and where the truth lies at all looks taken so far; None: not known yet."""

    estimate: float
    low: float | None
    high: float | None
    e_value: float = 0.0


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm so far. Rates and means are over its counted units, those whose window has run."""

    arm: str
    units: int
    leads: int
    scores: int
    signals: int
    counted: int
    won: int
    win_rate: Range
    revenue: Range
    """A unit's, capped as the experiment says."""
    speed: Range
    days_to_win: float | None
    """Median over the counted units that were won."""
    suppressed: float
    """By a rule that tells of harm, since the first score and before a deal was won. Shares of all
    units of the arm, also those whose window still runs."""
    unsubscribed: float


class Guardrail(msgspec.Struct, frozen=True):
    """Something that must not get worse; `broken` says that it has, and is a reason to stop."""

    name: str
    champion: float | None
    challenger: float | None
    broken: bool


def paths(units: Units, spec: Spec, start: int, now: int) -> dict[Metric, Path]:
    """The three metrics day by day; a unit is counted when its window has run."""
    known_at = units.first_at + spec.window_days * DAY
    return {
        metric: path(
            units.values(metric, spec.window_days, spec.cap),
            known_at,
            units.challenger,
            start=start,
            now=now,
            planned=spec.planned,
        )
        for metric in Metric
    }


def arms(units: Units, spec: Spec, found: dict[Metric, Path], now: int) -> list[Arm]:
    """Champion and challenger."""
    counted = units.first_at + spec.window_days * DAY <= now
    return [_arm(name, units, spec, found, counted) for name in (CHAMPION, CHALLENGER)]


def _arm(
    name: str, units: Units, spec: Spec, found: dict[Metric, Path], counted: NDArray[np.bool_]
) -> Arm:
    second = name == CHALLENGER
    mine = units.challenger == second
    share = spec.share if second else 1 - spec.share
    ranges = {
        metric: _mean(one.challenger if second else one.champion, spec.planned * share)
        for metric, one in found.items()
    }
    won = mine & counted & (units.won_at > 0)
    took = (units.won_at - units.first_at)[won] / DAY
    return Arm(
        arm=name,
        units=int(mine.sum()),
        leads=int(units.leads[mine].sum()),
        scores=int(units.scores[mine].sum()),
        signals=int(units.signals[mine].sum()),
        counted=int((mine & counted).sum()),
        won=int(won.sum()),
        win_rate=ranges[Metric.WIN_RATE],
        revenue=ranges[Metric.REVENUE],
        speed=ranges[Metric.SPEED],
        days_to_win=float(np.median(took)) if len(took) else None,
        suppressed=_share(units.harmed[mine]),
        unsubscribed=_share(units.unsubscribed[mine]),
    )


def _mean(counted: Counted, planned: float) -> Range:
    """An arm's own mean at the last look."""
    count, total, squares = (float(one[-1]) for one in counted[:3])
    mean = total / max(count, 1)
    variance = max(squares / max(count, 1) - mean**2, 0)
    return told(interval(mean, (variance / max(count - 1, 1)) ** 0.5, count, max(planned, 1)))


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def told(seen: Interval) -> Range:
    """As plain numbers; JSON knows no infinity."""
    estimate, low, high, evidence = (float(one) for one in seen)
    known = np.isfinite(low) and np.isfinite(high)
    return Range(estimate, low if known else None, high if known else None, evidence)


def guardrails(units: Units, spec: Spec, start: int, now: int) -> list[Guardrail]:
    """Units that were harmed or unsubscribed, looked at daily from their first score on.

    They do not wait for the window: harm has to be seen early. Broken is what lies above the
    champion's with all of its interval.
    """
    return [
        _guardrail(name, flags, units, spec, start, now)
        for name, flags in (
            ("suppressed", units.harmed),
            ("unsubscribed", units.unsubscribed),
        )
    ]


def _guardrail(
    name: str, flags: NDArray[np.bool_], units: Units, spec: Spec, start: int, now: int
) -> Guardrail:
    seen = path(
        flags.astype(np.float64),
        units.first_at,
        units.challenger,
        start=start,
        now=now,
        planned=spec.planned,
        alpha=HARM,
    ).seen
    champion, challenger = (flags[units.challenger == second] for second in (False, True))
    return Guardrail(name, _share(champion), _share(challenger), bool((seen.low > 0).any()))
