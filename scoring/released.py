"""The model of one version, from its release folder."""

from __future__ import annotations

from pathlib import Path

from scoring.arms import CHAMPION
from scoring.card import refusal
from scoring.scorer import Scorer


def load_released(releases: Path, name: str, version: str, alias: str = CHAMPION) -> Scorer:
    """Loads `releases/<name>-<version>/`. ModelRefused also when another version's files lie there:
    an answer would name a model that did not make it.
    """
    folder = releases / f"{name}-{version}"
    scorer = Scorer.load(folder, alias=alias)
    if (scorer.name, scorer.version) != (name, version):
        raise refusal(folder, f"it holds {scorer.name} {scorer.version}")
    return scorer
