"""rehearse: an experiment that nobody ran, written down as a real one would be.

For learning to read a report, and for showing what it says when something goes wrong. Units are
drawn into their arms as in earnest; what they do is thrown with dice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa

from core import release
from core.clock import DAY
from core.crypto import sha256_hex
from core.database import open_record, upsert, writing
from events.outcomes import OUTCOME
from scoring import experiment
from scoring.arms import CHALLENGER, Arms, Place
from scoring.experiment import Experiment, Spec
from signals.exposure import Exposure, save

WORTH = 10_000.0
"""Median of a won deal; the logarithm deviates by `SPREAD`."""
SPREAD = 1.0


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What happens. Units come evenly over `days`; a won one is won on any day of its window."""

    units: int
    days: int
    rate: float
    """The champion's win rate, 0–1."""
    lift: float = 0.0
    """The challenger's, relative: 0.2 wins a fifth more."""
    lost: float = 0.0
    """Share of the challenger's units that are never written down, as by an arm that crashes."""
    harm: float = 0.0
    """Share of the challenger's units that unsubscribe on the day after their first score."""
    seed: int = 7


def rehearse(file: Path, spec: Spec, script: Script, start: int) -> tuple[sa.Engine, Experiment]:
    """A record of its own in a new `file`, and the experiment that runs in it since `start`
    (microseconds, UTC). The same script always plays alike. WorkError when one is in the file.
    """
    engine = open_record(file)
    told = {"model_name": spec.model_name, "model_version": spec.model_version}
    release.make(engine, start, "rehearsal", rules_version=spec.rules_version, **told)
    begun = experiment.begin(engine, spec, start)
    chance = np.random.default_rng(script.seed)
    arms = Arms(script.seed.to_bytes(32), begun.id, spec.share)
    exposures, deals = [], []
    first_at = start + np.sort(chance.random(script.units) * script.days * DAY).astype(np.int64)
    for number, at in enumerate(first_at.tolist()):
        name = sha256_hex(f"{script.seed}/{number}")[:24]
        place = arms.place(name, name)
        second = place.arm == CHALLENGER
        lost, won = chance.random(2) < (script.lost * second, _rate(script, second=second))
        took, worth = chance.random(), WORTH * float(np.exp(chance.normal(0, SPREAD)))
        if lost:
            continue
        exposures.append(_exposure(name, place, at))
        if second and script.harm and chance.random() < script.harm:
            exposures.append(_exposure(name, place, at + DAY, "unsubscribed"))
        if won:
            closed_at = at + 1 + int(took * (spec.window_days * DAY - 2))
            deals.append(_deal(name, closed_at, worth))
            exposures.append(_exposure(name, place, closed_at + 1, "customer"))
    with writing(engine) as record:
        save(record, exposures)
        upsert(OUTCOME, record, deals)
    return engine, begun


def _rate(script: Script, *, second: bool) -> float:
    return script.rate * (1 + script.lift * second)


def _exposure(name: str, place: Place, at: int, by: str = "") -> Exposure:
    """A score at a moment; `by`: the rule that suppresses then."""
    return Exposure(
        experiment=place.experiment,
        lead_id=name,
        unit=place.unit,
        arm=place.arm,
        first_at=at,
        propensity=None,
        priority=50.0,
        band="warm",
        suppressed=int(bool(by)),
        suppressed_by={by: at} if by else {},
    )


def _deal(name: str, at: int, worth: float) -> dict[str, Any]:
    row = {"deal_id": name, "crm_id": None, "lead_id": name, "account_id": name, "won": True}
    return {**row, "value": worth, "closed_at": at, "known_at": at}
