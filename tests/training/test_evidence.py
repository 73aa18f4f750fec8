"""What a version's run keeps can be read again: the card as it was written, the plots beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import WorkError
from core.installation import Installation
from scoring import registry
from scoring.calibration import Calibration
from scoring.card import Card
from training.evidence import read_evidence
from training.model_card import Lessons, ModelCard, write_model_card

CARD = Card(
    name="lead_propensity", trained_at=1, inputs=(), features_digest="", trees_sha256="",
    calibration=Calibration(), known_answers=(), metrics={"auc": 0.7},
)  # fmt: skip
LESSONS = Lessons(
    leads=20, examples=40, won=10, first_created_at=1, last_created_at=2, fingerprint="f",
    calibrated_on="out of fold", calibration="platt", calibration_losses={"platt": 0.5},
    parameters={"num_leaves": 3, "feature_fraction": 0.15, "monotone_constraints": [1, 0]},
    trials=0, changed=(),
)  # fmt: skip
TOLD = ModelCard(CARD, LESSONS, None, ("No lead was left to test it with.",))


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With its plots in the same folder; a version without a card, and none at all, are told of."""
    installation = Installation(tmp_path / "data").create()
    evidence, copy = tmp_path / "evidence", tmp_path / "copy"
    evidence.mkdir()
    copy.mkdir()
    write_model_card(evidence, TOLD, ["lead"])
    (evidence / "gain.png").write_bytes(b"a picture")
    client = registry.open_registry(installation)
    place = (installation.mlflow / "artifacts").as_uri()
    experiment = client.create_experiment(registry.EXPERIMENT, artifact_location=place)
    client.create_registered_model(registry.MODEL_NAME)
    for kept in (evidence, None):
        run_id = client.create_run(experiment).info.run_id
        if kept:
            client.log_artifacts(run_id, str(kept), registry.EVIDENCE)
        client.create_model_version(registry.MODEL_NAME, place, run_id)

    found = read_evidence(installation, "1", copy)
    assert found.card == TOLD
    assert (found.folder / "gain.png").read_bytes() == b"a picture"
    for version in ("2", "3"):
        with pytest.raises(WorkError, match=f"version {version}"):
            read_evidence(installation, version, copy)
