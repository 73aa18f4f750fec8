"""due: is it time to train anew, and why? Cheap: it imports neither MLflow nor LightGBM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from core.clock import DAY, HOUR, to_iso
from core.database import reading
from core.installation import Installation
from core.release import current, read_current
from core.settings import Models
from events.outcomes import OUTCOME
from scoring import drifting
from scoring.card import ModelRefused, read_card
from scoring.retraining import Decision, Retraining, newest

FIRST_PAUSE, LONGEST_PAUSE = HOUR, DAY
"""After a failure, and the longest one: each further failure doubles it."""
SHOWN = 5
"""Of what has drifted."""


class Standing(NamedTuple):
    """What is known before a training. Times in microseconds, UTC."""

    trained_at: int | None
    """When the champion, or a model that was judged later, was trained; None before the first."""
    outcomes: int
    """Ends of deals that the CRM has told."""
    outcomes_then: int
    failures: int
    """In a row, up to now; `failed_at` is when the last of them ended."""
    failed_at: int = 0
    trouble: str = ""
    """What else calls for another model, in words; empty when nothing does."""
    drift: str = ""
    """How far the champion has drifted since the last training, in words; empty for not so far that
    it matters. A training answers it, whatever came of it: until something else has moved, another
    one would learn the same.
    """


class Due(NamedTuple):
    """`why` says why it is time, or why it is not."""

    due: bool
    why: str


def due(standing: Standing, models: Models, now: int) -> Due:
    """By the settings `retrain_days`, `retrain_outcomes` and `retrain_psi`."""
    if standing.failures:
        pause = min(FIRST_PAUSE * 2 ** (standing.failures - 1), LONGEST_PAUSE)
        if now < standing.failed_at + pause:
            until = to_iso(standing.failed_at + pause)
            return Due(False, f"the last {standing.failures} failed: none before {until}")
    if standing.trained_at is None and not standing.trouble:
        if standing.outcomes:
            return Due(True, "no model was trained yet")
        return Due(False, "no model was trained yet, and the CRM has told of no deal that ended")
    days = (now - (standing.trained_at or now)) / DAY
    fresh = standing.outcomes - standing.outcomes_then
    reasons = []
    if days >= models.retrain_days:
        reasons.append(f"the last training was {days:.1f} days ago")
    if fresh >= models.retrain_outcomes:
        reasons.append(f"{fresh:,} more deals have ended since")
    reasons += [one for one in (standing.drift, standing.trouble) if one]
    if reasons:
        return Due(True, "; ".join(reasons))
    return Due(
        False,
        f"the last training was {days:.1f} of {models.retrain_days:g} days ago, and {fresh:,} of "
        f"{models.retrain_outcomes:,} more deals have ended since",
    )


def standing(installation: Installation, engine: sa.Engine, models: Models) -> Standing:
    """Read from the record, and from the champion's card."""
    with reading(engine) as connection:
        runs = newest(connection)
        outcomes = _outcomes(connection)
    failures, failed_at = _failures(runs)
    judged = next((one for one in runs if one.version is not None), None)
    at, trouble = _trained_at(installation, engine)
    if judged is not None and (at is None or judged.began_at >= at):
        at, then = judged.began_at, judged.outcomes
    else:
        with reading(engine) as connection:
            then = outcomes if at is None else _outcomes(connection, at)
    drift = _drift(engine, models, at)
    return Standing(at, outcomes, then, failures, failed_at, trouble, drift)


def _drift(engine: sa.Engine, models: Models, trained_at: int | None) -> str:
    """What was told of the champion since it was trained, or since another model was judged."""
    with reading(engine) as connection:
        release = read_current(connection)
        told = drifting.read(connection, f"{release.model_name}-{release.model_version}")
    if models.retrain_psi is None or not told.told or (told.told_at or 0) <= (trained_at or 0):
        return ""
    if not told.suffers and told.worst < models.retrain_psi:
        return ""
    return f"champion {release.model_version} has drifted ({', '.join(told.told[:SHOWN])})"


def _outcomes(connection: sa.Connection, known_by: int | None = None) -> int:
    asked = sa.select(sa.func.count()).select_from(OUTCOME)
    if known_by is not None:
        asked = asked.where(OUTCOME.c.known_at <= known_by)
    return int(connection.execute(asked).scalar() or 0)


def _failures(runs: Sequence[Retraining]) -> tuple[int, int]:
    """How many of the newest ones failed. One that died has no end, and failed when it began."""
    failed = []
    for one in runs:
        if one.decision not in {None, Decision.FAILED}:
            break
        failed.append(one)
    return len(failed), (failed[0].ended_at or failed[0].began_at) if failed else 0


def _trained_at(installation: Installation, engine: sa.Engine) -> tuple[int | None, str]:
    """Of the champion, and what is wrong with it."""
    release = current(engine)
    if release.model_version is None:
        return None, ""
    try:
        folder = installation.releases / f"{release.model_name}-{release.model_version}"
        return read_card(folder).trained_at, ""
    except ModelRefused:
        return None, f"champion {release.model_version} cannot be loaded"
