"""The guardrail of latency: the challenger must not answer single score calls more slowly."""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from core.database import reading
from scoring.arms import CHALLENGER, CHAMPION
from scoring.experiment import Experiment
from signals.exposure import EXPOSURE
from training.experiment.measures import Guardrail

LEAST = 200
"""Leads timed in each arm before it is judged: the 99th percentile needs some beyond it."""
FACTOR = 1.5
GRACE_S = 0.005
"""Broken means slower by both: half as slow again, and by 5 ms."""
NAME = "latency p99, seconds"


def latency(engine: sa.Engine, experiment: Experiment) -> Guardrail:
    """99th percentiles over leads of the mean time of their single calls, in seconds."""
    asked = sa.select(EXPOSURE.c.arm, EXPOSURE.c.seconds / EXPOSURE.c.timed).where(
        EXPOSURE.c.experiment == experiment.id, EXPOSURE.c.timed > 0
    )
    seconds: dict[str, list[float]] = {CHAMPION: [], CHALLENGER: []}
    with reading(engine) as record:
        for arm, spent in record.execute(asked):
            seconds[arm].append(spent)
    champion, challenger = (_p99(seconds[arm]) for arm in (CHAMPION, CHALLENGER))
    if champion is None or challenger is None:
        return Guardrail(NAME, champion, challenger, broken=False)
    slower = challenger > champion * FACTOR and challenger > champion + GRACE_S
    judged = min(len(spent) for spent in seconds.values()) >= LEAST
    return Guardrail(NAME, champion, challenger, judged and slower)


def _p99(seconds: list[float]) -> float | None:
    return float(np.quantile(seconds, 0.99)) if seconds else None
