"""A small real model: trained here, written to a folder, loaded by the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import lightgbm
import msgspec
import numpy as np
import pytest

from features.definitions import digest
from features.vector import FeatureVector, vector
from scoring.card import TREES_FILE, Calibration, Card, Input, KnownAnswer, seal, write_card

INPUTS = (
    Input("pricing_views_30d"),
    Input("days_since_touches"),
    Input("seniority", ("director", "manager", "vp")),
)
_ANY = vector("lead", None, None, None, 0).values

Writer = Callable[..., Path]
Asker = Callable[..., FeatureVector]


@pytest.fixture(scope="session")
def trees() -> str:
    chance = np.random.default_rng(1)
    rows = np.column_stack(
        [chance.integers(0, 9, 600), chance.uniform(0, 30, 600), chance.integers(0, 3, 600)]
    ).astype(float)
    won = (rows[:, 0] + 3 * (rows[:, 2] == 2) + chance.normal(0, 2, 600)) > 6
    table = lightgbm.Dataset(rows, won, categorical_feature=[2])
    asked = {"objective": "binary", "num_leaves": 4, "verbosity": -1, "num_threads": 1, "seed": 1}
    return lightgbm.train({**asked, "min_data_per_group": 5}, table, 30).model_to_string()


@pytest.fixture
def write_release(tmp_path: Path, trees: str) -> Writer:
    """Writes a release folder; keyword arguments change the card before it is sealed."""

    def write(**changes: object) -> Path:
        folder = tmp_path / "lead_propensity-3"
        folder.mkdir(exist_ok=True)
        row = (4.0, None, 2.0)
        known = np.array([row], dtype=float)
        margin = lightgbm.Booster(model_str=trees).predict(known, raw_score=True)[0]
        card = Card(
            name="lead_propensity",
            version="3",
            trained_at=0,
            inputs=INPUTS,
            features_digest=digest(tuple(one.name for one in INPUTS)),
            calibration=Calibration(0.8, -0.1),
            trees_sha256=hashlib.sha256(trees.encode()).hexdigest(),
            known_answers=(KnownAnswer(row, float(margin)),),
            metrics={},
        )
        (folder / TREES_FILE).write_text(trees)
        write_card(folder, seal(msgspec.structs.replace(card, **changes)))
        return folder

    return write


@pytest.fixture
def ask() -> Asker:
    """A vector of an unknown lead, but for the values given."""

    def make(**values: object) -> FeatureVector:
        return FeatureVector("lead", None, 0, {**_ANY, **values})  # type: ignore[dict-item]

    return make
