"""A registry with versions in it, as training leaves it, without the training."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.installation import Installation
from features.definitions import digest
from scoring import registry
from scoring.card import TREES_FILE, Calibration, Card, Input, seal, write_card


def register(installation: Installation, folder: Path, versions: int) -> None:
    """A run with two files for each version; the first one is the champion."""
    import lightgbm
    import numpy as np

    rows = np.arange(80, dtype=float).reshape(40, 2)
    asked = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    model = lightgbm.train(asked, lightgbm.Dataset(rows, rows[:, 0] > 40), 2).model_to_string()
    names = ("pricing_views_30d", "form_submits_7d")
    card = Card(
        name=registry.MODEL_NAME,
        trained_at=0,
        inputs=tuple(Input(name) for name in names),
        features_digest=digest(names),
        calibration=Calibration(),
        trees_sha256=hashlib.sha256(model.encode()).hexdigest(),
        known_answers=(),
        metrics={},
    )
    folder.mkdir()
    (folder / TREES_FILE).write_text(model)
    write_card(folder, seal(card))
    client = registry.open_registry(installation)
    place = client.create_experiment("e", artifact_location=(installation.mlflow / "a").as_uri())
    client.create_registered_model(registry.MODEL_NAME)
    for _ in range(versions):
        made = client.create_run(place)
        client.log_artifacts(made.info.run_id, str(folder), registry.ARTIFACTS)
        source = f"{made.info.artifact_uri}/{registry.ARTIFACTS}"
        client.create_model_version(registry.MODEL_NAME, source, made.info.run_id)
    registry.promote(client, "1")
