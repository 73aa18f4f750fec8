"""Few leads drawn from a world → log losses of what is served, and of its parts, on its test leads.

The same test leads for every draw, so that lines of the table can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring.encoding import Encoder
from training.blend import rules_line
from training.build import AskRules, build
from training.dataset import Example, teaching
from training.fit import Effort
from training.losses import log_losses

WINS = (1, 2, 5, 10, 20, 40, 80, 160, 500)

Floats = NDArray[np.float64]


class World(NamedTuple):
    found: Sequence[Example]
    """At every age."""
    parts: dict[str, str]
    """Crm id → teach or test."""
    ask_rules: AskRules
    age: int


class Losses(NamedTuple):
    """Mean log losses over the test leads."""

    average: float
    """Of the win rate of the leads drawn, for everybody."""
    rules: float
    model: float
    """Of the trees alone; of the win rate where there are none."""
    served: float
    weight: float


def most(world: World) -> int:
    """Wins among the leads that may be drawn."""
    return int(_won(_teach(world)).sum())


def losses(world: World, wins: int, seed: int) -> Losses:
    """With so many wins among the leads drawn, and losses as the world has them."""
    asked = [one for one in _known(world) if world.parts.get(one.label.crm_id) == "test"]
    drawn = _draw(_teach(world), wins, np.random.default_rng(seed))
    names = {one.label.crm_id for one in drawn}
    lessons = teaching([one for one in world.found if one.label.crm_id in names], world.age)
    built = build(lessons, world.age, seed, 0, Effort(), None, world.ask_rules)
    won = np.array([one.label.won for one in asked], dtype=np.float64)
    trees = lightgbm.Booster(model_str=built.trees)
    matrix = Encoder(built.card.inputs).encode([one.vector for one in asked])
    margins = np.asarray(trees.predict(matrix, raw_score=True)).tolist()
    model = np.array([built.card.calibration.logit_at(one) for one in margins])
    line = rules_line(world.ask_rules(drawn).priorities, _won(drawn))
    rules = np.array([line.logit_at(one) for one in world.ask_rules(asked).priorities.tolist()])
    assert built.card.blend is not None
    weight = built.card.blend.weight
    rate = np.log((wins + 0.5) / (len(drawn) - wins + 0.5))
    told = (np.full(len(won), rate), rules, model, weight * model + (1 - weight) * rules)
    average, by_rules, by_trees, served = (float(log_losses(one, won).mean()) for one in told)
    return Losses(average, by_rules, by_trees, served, weight)


def _teach(world: World) -> list[Example]:
    return [one for one in _known(world) if world.parts.get(one.label.crm_id) == "teach"]


def _known(world: World) -> list[Example]:
    return [one for one in world.found if one.age == world.age]


def _won(of: Sequence[Example]) -> Floats:
    return np.array([one.label.won for one in of], dtype=np.float64)


def _draw(teach: Sequence[Example], wins: int, chance: np.random.Generator) -> list[Example]:
    won = _won(teach)
    lost = round(wins * (len(won) - won.sum()) / won.sum())
    rows = [chance.choice(np.flatnonzero(won == end), many, replace=False)
            for end, many in ((1, wins), (0, lost))]  # fmt: skip
    return [teach[row] for row in np.sort(np.concatenate(rows))]
