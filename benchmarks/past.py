"""Examples as training reads them, without a lake: leads whose numbers tell how they ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.bench import SEED
from core.clock import DAY, HOUR
from events.labels import Label, Labels
from features.column import Column
from features.columns import Columns, Table
from features.crowd import Crowd, Row
from features.definitions import FEATURES, Entity, Feature
from features.vector import PIECE, FeatureVector
from features.windows import OF
from training.dataset import EXCLUDED, Example
from training.train import Read

START = 19_000 * DAY
SPAN_DAYS = 400
NOW = START + (SPAN_DAYS + 200) * DAY
PER_ACCOUNT = 3
TELLING = 10
"""Numbers on which the end depends."""
WORDS = ("alpha", "beta", "gamma", "delta")
_RATE = 0.7
_MISSING = 0.1


def past_of(leads: int, features: int, age: int) -> Read:
    """So many leads, opened one after the other, at one age; so many features vary."""
    chance = np.random.default_rng(SEED)
    varying = [one for one in FEATURES if one.name not in EXCLUDED][:features]
    telling = [one for one in varying if not one.is_word][:TELLING]
    labels: list[Label] = []
    found: list[Example] = []
    for first in range(0, leads, PIECE):
        size = min(PIECE, leads - first)
        told = {one.name: _values(one, size, chance) for one in varying}
        logits = 0.35 * np.sum([told[one.name] for one in telling], axis=0) - 4.5
        won = chance.random(size) < 1 / (1 + np.exp(-logits))
        leads_told, accounts = (_columns(one, told, size) for one in (Entity.LEAD, Entity.ACCOUNT))
        crowd = Crowd(Table(leads_told, accounts, []), range(size))
        for at in range(size):
            number = first + at
            created_at = START + number * SPAN_DAYS * DAY // leads + HOUR
            closed_at = created_at + (age + 30) * DAY if won[at] else None
            value = 1_000.0 if won[at] else None
            label = Label(f"c{number}", created_at, bool(won[at]), closed_at, value)
            group = f"c{number // PER_ACCOUNT * PER_ACCOUNT}"
            row: Any = Row(crowd, at)  # tells what a dict would
            vector = FeatureVector(f"lead-{number}", group, label.moment(age), row)
            labels.append(label)
            found.append(Example(label, age, vector, group))
    return Read(Labels(labels, 0), found, {})


def _values(feature: Feature, size: int, chance: np.random.Generator) -> np.ndarray:
    """Counts, mostly zero; words by their number."""
    if feature.is_word:
        return chance.integers(0, len(WORDS), size=size)
    return chance.poisson(_RATE, size=size).astype(np.float64)


def _columns(entity: Entity, told: dict[str, np.ndarray], size: int) -> Columns:
    """A tenth of the numbers is missing; what is not told never varies."""
    chance = np.random.default_rng(len(told))
    columns: Columns = []
    for one in OF[entity]:
        if one.name not in told:
            columns.append(Column([None] * size if one.is_word else np.zeros(size)))
        elif one.is_word:
            columns.append(Column([WORDS[int(at)] for at in told[one.name]]))
        else:
            gone = chance.random(size) < _MISSING
            columns.append(Column(np.where(gone, np.nan, told[one.name])))
    return columns
