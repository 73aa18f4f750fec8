"""Labels → examples: what was known of each lead at the moments that training looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from core.database import reading
from core.installation import Installation
from events.attributes import attributes_at, declared, key_of
from events.labels import Label
from events.types import Identifier, IdentifierKind
from features.definitions import FEATURES
from features.vector import FeatureVector
from training.moments import Moment, at_ages

OTHER_AGES_WEIGHT = 0.05
"""Of an example that is not at the evaluated age. Measured on three worlds of 5,000 leads at age
30: weight 1 costs 0.03 of AUC, 0.2 costs 0.006, 0.05 nothing."""

CLOSED_WEIGHT = 0.5
"""Of a lead whose deal had ended by the moment, and to the trees alone: what sets winners apart it
tells nearly as well, and order is all that trees have to find. Nobody scores it any more, and it
ended well far more often than one that is still open: chances are told by those (decision 0019).
"""

EXCLUDED = frozenset({"deals_won_ever", "deals_lost_ever", "title"})
"""Closings are outcomes, not features; a title has a thousand spellings of seniority and role."""

CANDIDATES = tuple(feature.name for feature in FEATURES if feature.name not in EXCLUDED)
"""What a model may read; `build` leaves out what never varies."""


class Example(NamedTuple):
    """One lead at one moment. Its vector holds only what was known by then."""

    label: Label
    age: int | None
    """In days; None at a stage or signal."""
    vector: FeatureVector
    group: str
    """Leads of one account are one group, named by its smallest CRM id; a group is never split."""
    turn: int = 0
    """Which of the lead's stages and signals it is, the first being 1; 0 at an age."""

    @property
    def closed(self) -> bool:
        """Its deal had ended by the moment."""
        return self.label.closed_by(self.vector.as_of)


def examples(
    installation: Installation,
    engine: sa.Engine,
    labels: Sequence[Label],
    ages: Sequence[int],
    now: int,
) -> list[Example]:
    """An example for each label and age whose moment has passed, point in time.

    A pair whose identifier nobody owned at the moment has none.
    """
    return examples_at(installation, engine, at_ages(labels, ages, now))


def examples_at(
    installation: Installation, engine: sa.Engine, asked: Sequence[Moment]
) -> list[Example]:
    """The same for any moments. A stage or signal of a lead that turned out to be the CRM's only
    later has none: at that moment nobody knew whose it was.
    """
    from features.offline import Ask, vectors

    asks = [Ask(Identifier(IdentifierKind.CRM_ID, one.label.crm_id), one.at) for one in asked]
    pairs = zip(asked, vectors(installation, engine, asks), strict=True)
    found = [
        (one, vector)
        for one, vector in pairs
        if vector is not None and one.lead_id in {None, vector.lead_id}
    ]
    _attach(installation, engine, found)
    groups: dict[str, str] = {}
    for one, vector in sorted(found, key=lambda told: told[0].at):
        # The account known last: a lead may find its account between two of its moments.
        crm_id = one.label.crm_id
        groups[crm_id] = vector.account_id or groups.get(crm_id, vector.lead_id)
    names = _stable(groups)
    return [
        Example(one.label, one.age, vector, names[one.label.crm_id], one.turn)
        for one, vector in found
    ]


def _attach(
    installation: Installation,
    engine: sa.Engine,
    found: Sequence[tuple[Moment, FeatureVector]],
) -> None:
    """Puts the CRM's own columns beside the features, as they were known at each moment."""
    with reading(engine) as connection:
        names = declared(connection)
        if not names:
            return
        secret = installation.secret()
        told = [(key_of(secret, one.label.crm_id), vector.as_of) for one, vector in found]
        known = attributes_at(connection, told)
    for (_, vector), values in zip(found, known, strict=True):
        vector.values.update({name: values.get(name) for name in names})


def _stable(groups: dict[str, str]) -> dict[str, str]:
    """CRM id → the smallest CRM id of its group. Account ids differ between installations, and
    folds that follow them would make another model of the same data.
    """
    smallest: dict[str, str] = {}
    for crm_id in sorted(groups):
        smallest.setdefault(groups[crm_id], crm_id)
    return {crm_id: smallest[group] for crm_id, group in groups.items()}


def weight_of(one: Example, evaluated_age: int) -> float:
    """How much an example teaches. It may follow from nothing that came after its moment: shared
    evenly, a lead's weight would tell at its first stage how many were to come. So stages and
    signals weigh 1/2, 1/6, 1/12 … of another age, at most one of these together.
    """
    if one.closed:
        return CLOSED_WEIGHT
    if one.turn:
        return OTHER_AGES_WEIGHT / (one.turn * (one.turn + 1))
    return 1.0 if one.age == evaluated_age else OTHER_AGES_WEIGHT


def teaching(all_examples: Sequence[Example], evaluated_age: int) -> list[Example]:
    """Leaves out leads that were already closed, except at the age that is evaluated: there they
    are asked like all others, and teach the trees.
    """
    return [one for one in all_examples if one.age == evaluated_age or not one.closed]
