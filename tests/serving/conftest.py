"""A small real model, written as a release folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.installation import Installation

Publish = Callable[[Installation, str], Path]


@pytest.fixture(scope="session")
def trees() -> str:
    import lightgbm
    import numpy as np

    chance = np.random.default_rng(1)
    rows = chance.integers(0, 9, (400, 2)).astype(float)
    won = rows[:, 0] + chance.normal(0, 2, 400) > 5
    asked = {"objective": "binary", "num_leaves": 3, "verbosity": -1, "num_threads": 1, "seed": 1}
    return lightgbm.train(asked, lightgbm.Dataset(rows, won), 20).model_to_string()


@pytest.fixture(scope="session")
def write_model(trees: str) -> Publish:
    """Writes `releases/lead_propensity-<version>/`; it is in force only once a release names it."""
    from features.definitions import digest
    from scoring.card import TREES_FILE, Calibration, Card, Input, seal, write_card

    def write(installation: Installation, version: str) -> Path:
        folder = installation.releases / f"lead_propensity-{version}"
        folder.mkdir(parents=True)
        names = ("pricing_views_30d", "form_submits_7d")
        card = Card(
            name="lead_propensity",
            version=version,
            trained_at=0,
            inputs=tuple(Input(name) for name in names),
            features_digest=digest(names),
            calibration=Calibration(),
            trees_sha256=hashlib.sha256(trees.encode()).hexdigest(),
            known_answers=(),
            metrics={},
        )
        (folder / TREES_FILE).write_text(trees)
        write_card(folder, seal(card))
        return folder

    return write
