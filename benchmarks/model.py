"""A small real release: trees trained on real vectors and invented outcomes, sealed as ours are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.bench import SEED
from core.installation import Installation
from features.definitions import FEATURES, Feature, digest
from features.vector import FeatureVector
from scoring.calibration import Calibration
from scoring.card import TREES_FILE, Card, Input, KnownAnswer, seal, write_card
from scoring.encoding import Encoder
from training.grow import PARAMETERS

if TYPE_CHECKING:
    from scoring.encoding import Matrix

NAME, VERSION = "lead_propensity", "1"
TREES = 300


def grow(matrix: Matrix, trees: int = TREES) -> Any:
    """A LightGBM booster of a usual size. Many views win: only what it costs matters here."""
    import lightgbm
    import numpy as np

    dice = np.random.default_rng(SEED)
    won = np.nan_to_num(matrix[:, 0]) + dice.normal(0, 1, len(matrix))
    table = lightgbm.Dataset(matrix, won > np.median(won))
    return lightgbm.train({**PARAMETERS, "seed": SEED, "num_threads": 1}, table, trees)


def release_of(
    vectors: Sequence[FeatureVector],
    features: Sequence[Feature] = FEATURES,
    trees: int = TREES,
    version: str = VERSION,
) -> tuple[str, Card]:
    """LightGBM's text and its card."""
    import numpy as np

    inputs = [_input(feature, vectors) for feature in features]
    matrix = Encoder(inputs).encode(vectors)
    booster = grow(matrix, trees)
    text: str = booster.model_to_string()
    names = tuple(one.name for one in inputs)
    margin = float(booster.predict(matrix[:1], raw_score=True)[0])
    known = tuple(None if np.isnan(cell) else float(cell) for cell in matrix[0])
    return text, Card(
        name=NAME,
        version=version,
        trained_at=0,
        inputs=tuple(inputs),
        features_digest=digest(names),
        calibration=Calibration(),
        trees_sha256=hashlib.sha256(text.encode()).hexdigest(),
        known_answers=(KnownAnswer(known, margin),),
        metrics={},
    )


def put(installation: Installation, trees: str, card: Card) -> Path:
    """The release folder, as the registry's watcher leaves it."""
    folder = installation.releases / f"{NAME}-{card.version}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TREES_FILE).write_text(trees)
    write_card(folder, seal(card))
    return folder


def _input(feature: Feature, vectors: Sequence[FeatureVector]) -> Input:
    if not feature.is_word:
        return Input(feature.name)
    words = {one.values[feature.name] for one in vectors}
    return Input(feature.name, tuple(sorted(str(word) for word in words if word is not None)))
