"""What was in force at a moment: rules, model, snoozes, experiment."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.database import reading
from core.errors import LeadlineError
from core.installation import Installation
from core.release import Release, read_at
from rules import load_catalog
from rules.life import version_files
from rules.life.snoozes import at_moment, group
from scoring import Scorer
from scoring.released import load_released
from serving.release.inforce import InForce, Loaded
from serving.release.trial import Trials

NO_MODEL = "model"


class Ruling(NamedTuple):
    """`notes` say what could not be had as it was."""

    loaded: Loaded
    notes: tuple[str, ...] = ()
    model_gone: bool = False
    """A model was in force that cannot be loaded any more; without it, rules alone decide."""


def ruling_now(installation: Installation, engine: sa.Engine) -> Ruling:
    return Ruling(InForce(installation, engine).now())


def ruling_at(installation: Installation, engine: sa.Engine, at: int) -> Ruling:
    """By the history of releases; before the first one, by that one.

    DefinitionError when the rules of then cannot be read by this program any more.
    """
    with reading(engine) as connection:
        release, made_at = read_at(connection, at)
        snoozed = group(at_moment(connection, at))
    notes = []
    if made_at > at:
        notes.append(f"nothing was in force yet: taken is the first release, of {to_iso(made_at)}")
    scorer = _scorer(installation, release, notes)
    loaded = Loaded(
        release=msgspec.structs.replace(
            release,
            model_name=scorer.name if scorer else None,
            model_version=scorer.version if scorer else None,
        ),
        rulebook=load_catalog(version_files(engine, release.rules_version)),
        scorer=scorer,
        degraded=() if scorer else (NO_MODEL,),
        snoozed=snoozed,
    )
    trial, no_trial = Trials(installation, engine).follow(release, loaded)
    if no_trial:
        notes.append(no_trial)
    gone = scorer is None and release.model_version is not None
    return Ruling(loaded._replace(trial=trial), tuple(notes), gone)


def under_version(engine: sa.Engine, ruling: Ruling, version: int) -> Ruling:
    """The same model and snoozes under other rules, for every arm. NotFound if there are none."""
    loaded = ruling.loaded
    release = msgspec.structs.replace(loaded.release, rules_version=version)
    rulebook = load_catalog(version_files(engine, version))
    return ruling._replace(loaded=loaded._replace(release=release, rulebook=rulebook, trial=None))


def _scorer(installation: Installation, release: Release, notes: list[str]) -> Scorer | None:
    name, version = release.model_name, release.model_version
    if name is None or version is None:
        return None
    try:
        return load_released(installation.releases, name, version)
    except LeadlineError:
        notes.append(f"model {name} version {version} was in force and cannot be loaded any more")
        return None
