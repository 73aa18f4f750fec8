"""Vectors → propensities as they are served, with the rules' part where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.database import reading
from core.release import current
from features.vector import FeatureVector
from signals.beside import beside_then

if TYPE_CHECKING:
    from rules import Rulebook
    from scoring import Scorer


def propensities(
    engine: sa.Engine, scorer: Scorer, vectors: Sequence[FeatureVector]
) -> list[float]:
    """One a vector, in order. The rules are those in force now, whichever taught the model."""
    scores = scorer.score(vectors)
    if scorer.weight < 1 and vectors:
        told = priorities_of(engine, rules_in_force(engine), vectors)
        scores = [scorer.blended(*one) for one in zip(scores, told, strict=True)]
    return [score.propensity for score in scores]


def rules_in_force(engine: sa.Engine) -> Rulebook:
    """The catalog of the version that serves."""
    return rules_of(engine, current(engine).rules_version)


def rules_of(engine: sa.Engine, version: int) -> Rulebook:
    from rules import load_catalog
    from rules.life import version_files

    return load_catalog(version_files(engine, version))


def priorities_of(
    engine: sa.Engine, rulebook: Rulebook, vectors: Sequence[FeatureVector]
) -> list[float]:
    """0–100, as if no model were in force; each with what was known beside it at its moment."""
    with reading(engine) as connection:
        beside = beside_then(connection, vectors)
    facts = [
        {**one.values, **extra, "as_of": one.as_of}
        for one, extra in zip(vectors, beside, strict=True)
    ]
    return [rulebook.priority(report, None) for report in rulebook.evaluate(facts)]
