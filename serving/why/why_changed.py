"""why-changed: what moved a lead's priority between two moments, cause by cause.

Five causes: time passed (windows moved on, points decayed), events came, profile words were said or
enriched, rules were edited or snoozed, another model was put in force. `shapley` shares the
difference out; events come after time, for what is new cannot have come before the old grew older.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.database import reading
from core.errors import DefinitionError, NotFound
from core.installation import Installation
from scoring import Scorer
from serving.release.inforce import Loaded
from serving.why.changes import (
    Event,
    Fact,
    events_since,
    facts_changed,
)
from serving.why.ruling import Ruling, ruling_at, ruling_now
from serving.why.scene import Scene, scene_at, scene_now, stand_in
from serving.why.shapley import shares
from serving.why.worlds import CAUSES, EVENTS, MODEL, RULES, TIME, Law, Worlds
from signals.moved import Moved, moved
from signals.standing import Standing


class Side(msgspec.Struct, frozen=True):
    """Where the lead stood at one of the two moments."""

    lead_id: str
    account_id: str | None
    as_of: str
    priority: float
    band: str
    propensity: float | None
    rules_version: int
    model: str | None


class Cause(msgspec.Struct, frozen=True):
    """`share` in priority points. The rest is what changed as this cause came, after
    those that stand before it in `CAUSES`.
    """

    cause: str
    share: float
    facts: tuple[Fact, ...] = ()
    rules: tuple[Moved, ...] = ()
    events: tuple[Event, ...] = ()
    before: str | None = None
    """Version of the rules or of the model; None for other causes."""
    after: str | None = None


class Story(msgspec.Struct, frozen=True):
    """The shares add up to `difference`, which is that of the priorities of both sides."""

    before: Side
    after: Side
    difference: float
    causes: tuple[Cause, ...]
    """The strongest first."""
    notes: tuple[str, ...]


def why_changed(
    installation: Installation,
    engine: sa.Engine,
    told: str,
    since: int,
    now: int,
    loaded: Loaded | None = None,
) -> Story:
    """NotFound when nothing was known of the lead at `since`. Times in microseconds, UTC.

    `loaded` is what is in force, if the process holds it.
    """
    after = scene_now(installation, engine, told, now)
    before = _then(installation, engine, told, since, after)
    new = Ruling(loaded) if loaded else ruling_now(installation, engine)
    old, notes = _old(installation, engine, since, new)
    sides = stand_in(before, old), stand_in(after, new)
    laws = _law(old, before, sides[0]), _law(new, after, sides[1])
    worlds = Worlds(before, after, laws)
    found = shares(CAUSES, worlds.priority, {EVENTS: TIME})
    with reading(engine) as connection:
        leads = {before.whom.lead_id, after.whom.lead_id}
        events = events_since(connection, sorted(leads), since, now)
    causes = [_cause(name, share, worlds, sides, events) for name, share in found.items()]
    causes.sort(key=lambda one: -abs(one.share))
    told_sides = _side(before, sides[0]), _side(after, sides[1])
    difference = sides[1].priority - sides[0].priority
    return Story(*told_sides, difference, tuple(causes), (*notes, *new.notes))


def _then(
    installation: Installation, engine: sa.Engine, told: str, since: int, after: Scene
) -> Scene:
    """By what was asked for as it was then; for who was not known by that yet, by today's lead."""
    try:
        return scene_at(installation, engine, told, since)
    except NotFound:
        return scene_at(installation, engine, after.whom.lead_id, since)


def _old(
    installation: Installation, engine: sa.Engine, since: int, new: Ruling
) -> tuple[Ruling, tuple[str, ...]]:
    """What was in force then. What cannot be had any more is taken from today, and named."""
    try:
        old = ruling_at(installation, engine, since)
    except DefinitionError as wrong:
        told = f"the rules of then cannot be read any more ({wrong.detail}): today's are taken"
        return new, (told,)
    if old.model_gone:
        loaded = old.loaded._replace(scorer=new.loaded.scorer, trial=None, degraded=())
        return Ruling(loaded), (*old.notes, "its share is left out: today's model is taken")
    return old, old.notes


def _law(ruling: Ruling, scene: Scene, standing: Standing) -> Law:
    """Of the lead's own arm, while an experiment runs."""
    snoozed = ruling.loaded.snoozed.of(scene.whom.account_id, scene.as_of)
    return Law(standing.rulebook, snoozed, standing.scorer)


def _side(scene: Scene, standing: Standing) -> Side:
    scorer, score = standing.scorer, standing.score
    return Side(
        *scene.whom,
        to_iso(scene.as_of),
        standing.priority,
        standing.band,
        score.propensity if score else None,
        standing.release.rules_version,
        _model(scorer),
    )


def _model(scorer: Scorer | None) -> str | None:
    return f"{scorer.name} {scorer.version}" if scorer else None


def _cause(
    name: str,
    share: float,
    worlds: Worlds,
    sides: tuple[Standing, Standing],
    events: list[Event],
) -> Cause:
    """What changed as this cause came, those before it in `CAUSES` having come already."""
    earlier = frozenset(CAUSES[: CAUSES.index(name)])
    came = earlier | {name}
    facts = facts_changed(worlds.facts(earlier), worlds.facts(came), worlds.read(came))
    hits = moved(
        (worlds.rulebook(earlier), worlds.report(earlier)),
        (worlds.rulebook(came), worlds.report(came)),
        with_model=worlds.propensity(came) is not None,
    )
    versions = _versions(name, sides)
    return Cause(
        name, share, tuple(facts), tuple(hits), tuple(events) if name == EVENTS else (), *versions
    )


def _versions(name: str, sides: tuple[Standing, Standing]) -> tuple[str | None, str | None]:
    before, after = sides
    if name == RULES:
        return str(before.release.rules_version), str(after.release.rules_version)
    if name == MODEL:
        return _model(before.scorer), _model(after.scorer)
    return None, None
