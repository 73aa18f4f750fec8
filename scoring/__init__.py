"""Stage 5b, score: what the model says of a lead. Half of the contract with the model registry.

score.py      `Score`, what a model answers
card.py       `model.json`: the features a model reads, its calibration, its digests
calibration.py  from a margin to a probability
encoding.py   feature vectors → the matrix of numbers that the trees read
scorer.py     `Scorer`: a release folder, verified and loaded; vectors → scores
released.py   the `Scorer` of one version, and of no other
blend.py      how much of it is the rules' word where few ends taught the model
account.py    the chances of an account's people → the account's
cases.py      leads of the past as they were known, with propensities of a model new to them
wording.py    a feature and its value in a seller's words
registry.py   the MLflow registry: champion, versions, their files (imports MLflow when asked)
retraining.py the trainings that were begun by rule, and what was decided
watcher.py    copies the registry's champion into the release in force

The other half, from labels to a registered version, is `training/`.
"""

from scoring.card import ModelRefused
from scoring.score import Score
from scoring.scorer import Scorer

__all__ = ["ModelRefused", "Score", "Scorer"]
