"""A release folder, verified and loaded: feature vectors in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from features.vector import FeatureVector
from scoring.blend import chance_at
from scoring.card import Card, read_card, read_trees, refusal
from scoring.encoding import Encoder
from scoring.forest import read_forest
from scoring.score import STRONGEST, Score
from scoring.shapley import Tables

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
        self.blend = card.blend
        self.weight = card.blend.weight if card.blend else 1.0
        """Of the trees in a propensity: below 1 the rules say the rest (`blended`)."""
        self._calibration = card.calibration
        self._booster = booster
        trees = read_forest(booster.model_to_string())
        self._tables = Tables(trees) if trees else None
        self._encoder = Encoder(card.inputs, self._tables.columns if self._tables else None)
        self._base = self._tables.base if self._tables else self._base_of(len(card.inputs))

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

    @property
    def exact(self) -> bool:
        """Whether the strongest contributions are exact, not only very nearly so."""
        return self._tables is None or self._tables.exact

    def score(
        self,
        vectors: Sequence[FeatureVector],
        contributions: bool = False,
        *,
        strongest: bool = False,
    ) -> list[Score]:
        """One score for each vector, in order. `strongest` tells the strongest contributions, which
        costs little; `contributions` tells all of them as well, exactly.
        """
        if not vectors:
            return []
        matrix = self._encoder.encode(vectors)
        states = self._states(matrix)
        margins = self._margins(matrix, states).tolist()
        parts: Matrix | None = None
        names: Sequence[str] = self.feature_names
        if contributions:
            parts = self._explain(matrix, states)
        elif strongest:
            parts, names = self._nearly(matrix, states)
        if parts is None:
            return [Score(self.propensity_at(one), one, self._base) for one in margins]
        told = zip(margins, strongest_of(parts, names), strict=True)
        scores = [Score(self.propensity_at(one), one, self._base, None, top) for one, top in told]
        if not contributions:
            return scores
        every = (dict(zip(names, row, strict=True)) for row in parts.tolist())
        return [replace(one, contributions=all_) for one, all_ in zip(scores, every, strict=True)]

    def propensity_at(self, margin: float, rules_margin: float | None = None) -> float:
        """The calibrated probability that this margin (log-odds) stands for; with the log-odds of
        the rules the one of both, by their weights.
        """
        if rules_margin is None:
            return self._calibration.propensity_at(margin)
        told = self._calibration.logit_at(margin)
        return chance_at(self.weight * told + (1 - self.weight) * rules_margin)

    def logit_at(self, margin: float) -> float:
        """The margin calibrated: log-odds of what the trees alone would tell."""
        return self._calibration.logit_at(margin)

    def blended(self, score: Score, priority: float) -> Score:
        """The score with the rules' part of it; `priority` as if there were no model."""
        if self.blend is None or self.blend.rules is None:
            return score
        rules = self.blend.rules.logit_at(priority)
        told = self.propensity_at(score.margin, rules)
        return replace(score, propensity=told, rules_margin=rules)

    def _states(self, matrix: Matrix) -> Any:
        """Of each tree the state that its table is looked up by; None without tables."""
        if self._tables is None:
            return None
        if self._tables.exact:
            return self._tables.states(matrix)
        # One thread: a call scores few leads, and threads that wait for each other cost more.
        leaves = self._booster.predict(matrix, pred_leaf=True, num_threads=1)
        return leaves.astype("int64").reshape(len(matrix), -1)

    def _margins(self, matrix: Matrix, states: Any) -> Matrix:
        if self._tables is not None:
            return self._tables.margins(states)
        margins: Matrix = self._booster.predict(matrix, raw_score=True, num_threads=1)
        return margins

    def _nearly(self, matrix: Matrix, states: Any) -> tuple[Matrix, Sequence[str]]:
        """Contributions of the columns that some tree reads, and the names of these."""
        if self._tables is None:
            return self._explain(matrix, states), self.feature_names
        names = [self.feature_names[column] for column in self._tables.columns]
        return self._tables.contributions(states), names

    def _explain(self, matrix: Matrix, states: Any) -> Matrix:
        """Exact Shapley values of the trees (Lundberg et al. 2018), of all columns."""
        import numpy as np

        if self._tables is not None and self._tables.exact:
            told = np.zeros(matrix.shape)
            told[:, self._tables.columns] = self._tables.contributions(states)
            return told
        parts: Matrix = self._booster.predict(matrix, pred_contrib=True, num_threads=1)
        return parts[:, :-1]

    def _base_of(self, columns: int) -> float:
        """The margin before any feature is looked at: the same for every lead of this model."""
        import numpy as np

        nothing = np.full((1, columns), np.nan)
        return float(self._booster.predict(nothing, pred_contrib=True, num_threads=1)[0, -1])

    def _check_known_answers(self, folder: Path, card: Card) -> None:
        """Another LightGBM could read the same text otherwise: compare what training got."""
        import numpy as np

        rows = np.array([known.row for known in card.known_answers], dtype=np.float64)
        wanted = np.array([known.margin for known in card.known_answers])
        if not len(rows):
            return
        read = self._booster.predict(rows, raw_score=True, num_threads=1)
        for told in (read, self._margins(rows, self._states(rows))):
            if np.abs(told - wanted).max() > TOLERANCE:
                raise refusal(folder, "it answers otherwise than it did in training")


def strongest_of(parts: Matrix, names: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """Of each row the highest contributions, then the lowest: see `Score.strongest`."""
    import numpy as np

    width = parts.shape[1]
    if width <= 2 * STRONGEST:
        some = np.broadcast_to(np.arange(width), parts.shape)
    else:  # the five at either end, in no order yet: sorting all of them would take much longer
        ends = np.argpartition(parts, (STRONGEST - 1, width - STRONGEST), axis=1)
        some = np.concatenate([ends[:, :STRONGEST], ends[:, -STRONGEST:]], axis=1)
    told = np.take_along_axis(parts, some, axis=1)
    order = np.argsort(-told, axis=1, kind="stable")
    columns = np.take_along_axis(some, order, axis=1).tolist()
    values = np.take_along_axis(told, order, axis=1)
    raising = np.minimum((values > 0).sum(axis=1), STRONGEST).tolist()
    lowering = np.minimum((values < 0).sum(axis=1), STRONGEST).tolist()
    strongest: list[tuple[tuple[str, float], ...]] = []
    for row, each, first, last in zip(columns, values.tolist(), raising, lowering, strict=True):
        falling = list(zip(map(names.__getitem__, row), each, strict=True))
        strongest.append((*falling[:first], *falling[: -last - 1 : -1]))
    return strongest
