"""search: a bounded number of other parameters, tried on folds of the teaching rows alone.

Drawn at random from a small space by a seed. With so few trials nothing cleverer pays: Optuna's
sampler, for one, draws its first ten at random too, and would bring seven more packages.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from training.grow import cross_validate
from training.losses import gain, log_losses
from training.table import Table, fewer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPACE: dict[str, tuple[Any, ...]] = {
    "num_leaves": (2, 3, 4, 6, 10),
    "learning_rate": (0.02, 0.03, 0.05),
    "feature_fraction": (0.05, 0.1, 0.15, 0.3, 0.6),
    "bagging_fraction": (0.5, 0.7, 0.9),
    "min_data_in_leaf": (10, 20, 40, 80),
    "lambda_l2": (0.0, 1.0, 10.0),
    "cat_smooth": (20, 100),
    "extra_trees": (False, True),
}


class Trial(NamedTuple):
    parameters: dict[str, Any]
    trees: int
    loss: float
    """Mean log loss out of fold."""


class Searched(NamedTuple):
    trials: list[Trial]
    """The first one is of the parameters that stand without a search."""
    chosen: dict[str, Any]
    """What to change; empty when nothing was clearly better."""


def search(
    table: Table, parameters: dict[str, Any], trials: int, seconds: float, seed: int
) -> Searched:
    """Rows of full weight decide. The best trial is taken if its log loss is clearly lower, by
    group and for the best of so many: the luckiest of many is often no better.
    """
    if not trials:
        return Searched([], {})
    table = fewer(table, seed)
    began = time.monotonic()
    done: list[Trial] = []
    losses: list[Floats] = []
    for changes in [{}, *_draw(trials, seed)]:
        if done and time.monotonic() - began > seconds:
            break
        margins, trees = cross_validate(table, {**parameters, **changes}, seed)
        losses.append(log_losses(margins, table.won))
        done.append(Trial(changes, trees, float(losses[-1].mean())))
    best = min(range(len(done)), key=lambda at: done[at].loss)
    better = gain(losses[0], losses[best], table.weights, table.groups)
    return Searched(done, done[best].parameters if better.is_clear(len(done)) else {})


def _draw(trials: int, seed: int) -> list[dict[str, Any]]:
    """The same for the same seed; more trials begin with those of fewer."""
    chance = random.Random(seed)
    return [{name: chance.choice(values) for name, values in SPACE.items()} for _ in range(trials)]
