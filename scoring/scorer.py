"""A release folder, verified and loaded: feature vectors in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.vector import FeatureVector
from scoring.card import Card, read_card, read_trees, refusal
from scoring.encoding import Encoder
from scoring.score import Score

if TYPE_CHECKING:
    from scoring.encoding import Matrix

TOLERANCE = 1e-6
"""Log-odds by which two computations of one margin may differ."""


class Scorer:
    """One version of a model. Immutable, and safe to ask from many threads."""

    def __init__(self, card: Card, booster: Any, alias: str = "champion") -> None:
        self.name = card.name
        self.version = card.version
        self.alias = alias
        self.feature_names = card.feature_names
        self.columns = frozenset(card.feature_names) - frozenset(card.features)
        """Those of its inputs that are columns of a CRM."""
        self._calibration = card.calibration
        self._encoder = Encoder(card.inputs)
        self._booster = booster
        self._base = self._base_of(len(card.inputs))

    @classmethod
    def load(cls, folder: Path, alias: str = "champion") -> Scorer:
        """Loads `releases/<name>-<version>/`. `alias` is told in answers.

        ModelRefused when a digest, the features or the known answers are not as trained.
        """
        import lightgbm

        card = read_card(folder)
        trees = read_trees(folder, card)
        try:
            booster = lightgbm.Booster(model_str=trees)
        except lightgbm.basic.LightGBMError as problem:
            raise refusal(folder, f"LightGBM cannot read it: {problem}") from problem
        if booster.num_feature() != len(card.inputs):
            raise refusal(folder, f"its trees read {booster.num_feature()} columns")
        scorer = cls(card, booster, alias)
        scorer._check_known_answers(folder, card)
        return scorer

    def score(self, vectors: Sequence[FeatureVector], contributions: bool = False) -> list[Score]:
        """One score for each vector, in order. Contributions cost about 2 ms a lead."""
        if not vectors:
            return []
        matrix = self._encoder.encode(vectors)
        if contributions:
            return [self._explained(row) for row in self._explain(matrix).tolist()]
        return [
            Score(self.propensity_at(margin), margin, self._base)
            for margin in self._margins(matrix).tolist()
        ]

    def propensity_at(self, margin: float) -> float:
        """The calibrated probability that this margin (log-odds) stands for."""
        return self._calibration.propensity_at(margin)

    def _explained(self, row: list[float]) -> Score:
        parts, base = row[:-1], row[-1]
        # The sum of the parts is the margin, so that what is told adds up to the last digit.
        margin = sum(parts) + base
        told = dict(zip(self.feature_names, parts, strict=True))
        return Score(self.propensity_at(margin), margin, base, told)

    def _margins(self, matrix: Matrix) -> Matrix:
        # One thread: a call scores few leads, and threads that wait for each other cost more.
        margins: Matrix = self._booster.predict(matrix, raw_score=True, num_threads=1)
        return margins

    def _explain(self, matrix: Matrix) -> Matrix:
        """Exact Shapley values of the trees (Lundberg et al. 2018); the last column is the base."""
        parts: Matrix = self._booster.predict(matrix, pred_contrib=True, num_threads=1)
        return parts

    def _base_of(self, columns: int) -> float:
        """The margin before any feature is looked at: the same for every lead of this model."""
        import numpy as np

        return float(self._explain(np.full((1, columns), np.nan))[0, -1])

    def _check_known_answers(self, folder: Path, card: Card) -> None:
        """Another LightGBM could read the same text otherwise: compare what training got."""
        import numpy as np

        rows = np.array([known.row for known in card.known_answers], dtype=np.float64)
        wanted = np.array([known.margin for known in card.known_answers])
        if len(rows) and np.abs(self._margins(rows) - wanted).max() > TOLERANCE:
            raise refusal(folder, "it answers otherwise than it did in training")
