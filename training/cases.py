"""Labelled examples → cases: each with a propensity of a model that had never seen the lead."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import reading
from scoring import Scorer
from scoring.blend import chance_at
from scoring.cases import Case, Source, case_of
from signals.beside import beside_then
from signals.propensities import propensities
from training.build import Built
from training.dataset import Example

Chance = tuple[float, Source]


def cases(
    engine: sa.Engine,
    found: Sequence[Example],
    lessons: Sequence[Example],
    built: Built,
    scorer: Scorer,
    label_days: int,
) -> list[Case]:
    """One case a lead, at its evaluated age, in the order of `found`.

    Leads that taught the model get what cross-validation said of them, by trees that saw neither
    them nor their account; all others what the model says.
    """
    seen = _out_of_fold(lessons, built)
    fresh = [one for one in found if _name(one) not in seen]
    told = propensities(engine, scorer, [one.vector for one in fresh])
    chances: dict[tuple[str, int | None], Chance] = {
        _name(one): (chance, "held_out") for one, chance in zip(fresh, told, strict=True)
    }
    chances |= seen
    with reading(engine) as connection:
        beside = beside_then(connection, [one.vector for one in found])
    return [
        case_of(one.label, one.vector, extra, chances[_name(one)], label_days)
        for one, extra in zip(found, beside, strict=True)
    ]


def _out_of_fold(lessons: Sequence[Example], built: Built) -> dict[tuple[str, int | None], Chance]:
    return {
        _name(one): (chance_at(logit), "out_of_fold")
        for one, logit in zip(lessons, built.logits.tolist(), strict=True)
    }


def _name(one: Example) -> tuple[str, int | None]:
    return one.label.crm_id, one.age
