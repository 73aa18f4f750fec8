"""What MLflow keeps beside a registered version: its model card and its plots, to be read again."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import WorkError
from core.installation import Installation
from scoring import registry
from training.model_card import JSON_FILE, ModelCard


class Evidence(NamedTuple):
    card: ModelCard
    folder: Path
    """Holds the plots (`*.png`) and the card for people (`card.md`)."""


def read_evidence(installation: Installation, version: str, below: Path) -> Evidence:
    """Copies a version's evidence below the folder `below`, which exists, and reads its card.

    WorkError when MLflow has no such version, or has kept no card of it that can be read.
    """
    client = registry.open_registry(installation)
    with registry.telling(f"read the evidence of version {version}", installation):
        run_id = str(client.get_model_version(registry.MODEL_NAME, version).run_id)
        folder = Path(client.download_artifacts(run_id, registry.EVIDENCE, str(below)))
    try:
        card = msgspec.json.decode((folder / JSON_FILE).read_bytes(), type=ModelCard)
    except (OSError, msgspec.MsgspecError) as problem:
        raise WorkError(
            f"version {version} has no model card that can be read: {problem}",
            do="train again with this release: versions of earlier ones have other cards, or none",
        ) from problem
    return Evidence(card, folder)
