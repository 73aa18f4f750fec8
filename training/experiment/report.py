"""The report of an experiment: both arms, what differs, and whether to stop."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.clock import DAY
from core.database import reading
from core.release import RELEASE
from scoring.experiment import Experiment, Metric
from training.experiment import ratio, shadow
from training.experiment.interval import ALPHA, Interval
from training.experiment.latency import latency
from training.experiment.measures import (
    Arm,
    Guardrail,
    Range,
    arms,
    guardrails,
    paths,
    told,
)
from training.experiment.path import Path
from training.experiment.stop import Figures, Verdict, judge
from training.experiment.units import Units, read


class Ratio(msgspec.Struct, frozen=True):
    """Units drawn into each arm, against the challenger's `share`; `p_value` is 1 / e-value."""

    champion: int
    challenger: int
    share: float
    e_value: float
    p_value: float
    off: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`differences`: challenger minus champion, for each metric; the experiment's own decides.

    The others are for reading: judged by three metrics at once, an experiment errs more often.
    """

    experiment: Experiment
    at: int
    days: float
    verdict: Verdict
    words: str
    over: bool
    decided_at: int | None
    """The look that decided, microseconds UTC; a decision stands."""
    arms: list[Arm]
    differences: dict[Metric, Range]
    confidence: float = 1 - ALPHA
    planned: int
    counted: int
    crossed: int
    """Leads that were scored in both arms; each counts where it was first."""
    ratio: Ratio | None
    """None where nobody was drawn, because the challenger shadows."""
    guardrails: list[Guardrail]
    shadow: shadow.Shadow | None
    changes: list[str]
    """What was put in force meanwhile: an arm is not the same before and after it."""


class Told(msgspec.Struct, frozen=True):
    """The report, the deciding metric day by day, and the difference that decided."""

    report: Report
    path: Path
    seen: Interval


def report(engine: sa.Engine, experiment: Experiment, now: int) -> Told:
    """Everything known at `now` (microseconds, UTC)."""
    spec, start = experiment.spec, experiment.started_at
    units, leads = read(engine, experiment)
    found = paths(units, spec, start, now)
    chosen = found[spec.metric]
    seen, base = chosen.seen, _base(chosen)
    watched = [*guardrails(units, spec, start, now), latency(engine, experiment)]
    compared = shadow.compare(leads, units, spec, start, now) if spec.shadow else None
    if compared is not None:
        seen, base, watched = compared.gain, 0.0, []
    decided = seen.decided()
    drawn = None if spec.shadow else _ratio(units, spec.share)
    figures = Figures(
        seen=seen.at(-1 if decided is None else decided),
        base=base,
        lift=spec.lift,
        counted=int(chosen.champion.units[-1] + chosen.challenger.units[-1]),
        planned=spec.planned,
        days=((experiment.ended_at or now) - start) / DAY,
        max_days=spec.max_days,
        ratio_off=drawn is not None and drawn.off,
        broken=tuple(one.name for one in watched if one.broken),
        promoted=None if experiment.ended_at is None else bool(experiment.promoted),
    )
    verdict = judge(figures)
    made = Report(
        experiment=experiment,
        at=now,
        days=figures.days,
        verdict=verdict.verdict,
        words=verdict.words,
        over=verdict.over,
        decided_at=None if decided is None else int(chosen.at[decided]),
        arms=arms(units, spec, found, now),
        differences={metric: told(one.seen.at(-1)) for metric, one in found.items()},
        planned=spec.planned,
        counted=figures.counted,
        crossed=units.crossed,
        ratio=drawn,
        guardrails=watched,
        shadow=None if compared is None else compared.shadow,
        changes=_changes(engine, experiment),
    )
    return Told(made, chosen, seen)


def _base(chosen: Path) -> float:
    """The champion's mean so far."""
    return float(chosen.champion.total[-1] / max(chosen.champion.units[-1], 1))


def _ratio(units: Units, share: float) -> Ratio:
    second = int(units.challenger.sum())
    counts = (len(units.challenger) - second, second)
    evidence = ratio.e_value(counts, (1 - share, share))
    p_value = min(1.0, 1 / evidence) if evidence else 1.0
    return Ratio(*counts, share, evidence, p_value, evidence >= 1 / ratio.ALPHA)


def _changes(engine: sa.Engine, experiment: Experiment) -> list[str]:
    """Releases between its begin and its end that changed rules or model."""
    asked = (
        sa.select(RELEASE.c.number, RELEASE.c.made_at, RELEASE.c.reason)
        .where(RELEASE.c.experiment == experiment.id)
        .order_by(RELEASE.c.number)
    )
    with reading(engine) as record:
        rows = record.execute(asked).all()
    return [f"release {row.number}: {row.reason}" for row in rows[1:]]
