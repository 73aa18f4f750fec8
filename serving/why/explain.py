"""explain: a scene under a ruling → every rule with the values it read, and what came of it."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.installation import Installation
from rules.trace import Trace, trace
from serving.release.inforce import Loaded
from serving.why.arithmetic import Arithmetic, arithmetic
from serving.why.near import is_near
from serving.why.ruling import Ruling, ruling_at, ruling_now, under_version
from serving.why.scene import Scene, scene_at, scene_now, stand_in
from signals.standing import Standing
from signals.types import HOT


class Model(msgspec.Struct, frozen=True):
    name: str
    version: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One lead at one moment under one release."""

    lead_id: str
    account_id: str | None
    as_of: str
    rules_version: int
    model: Model | None
    arm: str | None
    """Of the experiment that ran, if one did."""
    propensity: float | None
    arithmetic: Arithmetic
    priority: float
    band: str
    band_before: str | None
    """The band that it stood in: a band is left at a lower priority than it is entered."""
    hot: tuple[float, float]
    """Entered at the first, left below the second; `warm` the same."""
    warm: tuple[float, float]
    trace: Trace
    """Of the routes those of a `lead.hot` signal; rules of every file."""
    near: tuple[str, ...]
    """Ids of rules that one comparison more would have made hit."""
    notes: tuple[str, ...]


def explain_now(
    installation: Installation,
    engine: sa.Engine,
    told: str,
    now: int,
    version: int | None = None,
    loaded: Loaded | None = None,
) -> Explanation:
    """The lead as it stands, under the rules in force (`loaded`, if the process holds them) or
    those of `version`. NotFound for a lead or a version that there is not.
    """
    ruling = Ruling(loaded) if loaded else ruling_now(installation, engine)
    if version is not None:
        ruling = under_version(engine, ruling, version)
    return explain(scene_now(installation, engine, told, now), ruling)


def explain_then(
    installation: Installation, engine: sa.Engine, told: str, at: int, version: int | None = None
) -> Explanation:
    """The same as was known at `at`, under what was in force then unless `version` says otherwise.

    DefinitionError when the rules of then cannot be read by this program any more.
    """
    scene = scene_at(installation, engine, told, at)
    ruling = ruling_at(installation, engine, at)
    if version is not None:
        ruling = under_version(engine, ruling, version)
    return explain(scene, ruling)


def explain(scene: Scene, ruling: Ruling) -> Explanation:
    standing = stand_in(scene, ruling)
    snoozed = ruling.loaded.snoozed.of(scene.whom.account_id, scene.as_of)
    told = trace(standing.rulebook, facts_in(scene, standing), snoozed)
    scale, place = standing.rulebook.scale, standing.place
    return Explanation(
        lead_id=scene.whom.lead_id,
        account_id=scene.whom.account_id,
        as_of=to_iso(scene.as_of),
        rules_version=standing.release.rules_version,
        model=Model(standing.scorer.name, standing.scorer.version) if standing.scorer else None,
        arm=place.arm if place else None,
        propensity=standing.score.propensity if standing.score else None,
        arithmetic=arithmetic(standing),
        priority=standing.priority,
        band=standing.band,
        band_before=scene.band_before,
        hot=(scale.hot.enter, scale.hot.leave),
        warm=(scale.warm.enter, scale.warm.leave),
        trace=told,
        near=tuple(rule.id for rule in told.rules if is_near(rule)),
        notes=(*ruling.notes, *(f"without {missing}" for missing in standing.degraded)),
    )


def facts_in(scene: Scene, standing: Standing) -> dict[str, Any]:
    """What rules read in this scene, routing's facts among them."""
    return {
        **scene.vector.values,
        **scene.beside,
        "as_of": scene.as_of,
        "band": standing.band,
        "priority": standing.priority,
        "propensity": standing.score.propensity if standing.score else None,
        "signal": HOT,
    }
