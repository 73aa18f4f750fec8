"""Few ends and the priorities of rules alone → how much of a propensity is the rules' to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from scoring.blend import SURE, Blend, RulesLine, weight_of
from training.losses import log_losses

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
SLOPE, SLOPE_SPREAD = 0.25, 0.25
"""What is believed of rules before anything is known: log-odds for a standard deviation of their
priority, as a normal distribution. A slope of 0.25 is an AUC of 0.57."""
HALVES = (3.0, 6.0, 12.0, 24.0, 48.0, 96.0)
HALF, HALF_SPREAD = 24.0, math.log(2)
"""What is believed of `half`, as a log-normal distribution: chosen on four generated worlds."""


class Blended(NamedTuple):
    blend: Blend
    margins: Floats
    """The rules' log-odds of each row, by a line that was fitted without its group."""


def blend(
    logits: Floats,
    priorities: Floats,
    won: Floats,
    groups: Sequence[str],
    seed: int,
    rules_version: int,
    ends: tuple[int, int] | None = None,
) -> Blended:
    """`logits`: what the model says of each row, out of fold and calibrated; a row a lead. `ends`:
    leads won and lost that taught the model, where these rows are not all of them.

    `half` is the one of `HALVES` with the lowest log loss of the blend out of fold, summed over the
    rows, plus the penalty of what is believed of it: few rows cannot move it far.
    """
    line = rules_line(priorities, won)
    margins = _out_of_fold(priorities, won, groups, seed)
    wins, losses = ends or (int(won.sum()), int(len(won) - won.sum()))
    told = Blend(won=wins, lost=losses, rules=line, rules_version=rules_version)
    evidence = min(told.won, told.lost)

    def cost(half: float) -> float:
        weight = weight_of(evidence, half)
        loss = log_losses(weight * logits + (1 - weight) * margins, won).sum()
        return float(loss + (math.log(half / HALF) / HALF_SPREAD) ** 2 / 2)

    half = min(HALVES, key=cost)
    weight = weight_of(evidence, half)
    return Blended(replace(told, weight=weight, half=half), margins)


def is_needed(ends: tuple[int, int]) -> bool:
    """Whether the rules have anything to say beside a model of so many wins and losses."""
    return min(ends) < SURE


def rules_line(priorities: Floats, won: Floats) -> RulesLine:
    """The likeliest line, given what was believed before: `SLOPE` of the slope, and of the rate at
    the average priority half a win and half a loss more (Jeffreys' prior). So it says something
    sensible of no win, and follows the rows where there are many.
    """
    import numpy as np
    from scipy.optimize import minimize

    middle, spread = float(priorities.mean()), float(priorities.std())
    if spread < 1e-9:
        spread = math.inf
    told = (priorities - middle) / spread

    def loss(asked: Floats) -> tuple[float, Floats]:
        at, slope = asked
        logits = at + slope * told
        believed = ((slope - SLOPE) / SLOPE_SPREAD) ** 2 / 2
        prior = np.logaddexp(0, at) - at / 2
        errors = 1 / (1 + np.exp(-logits)) - won
        falls = [errors.sum() + 1 / (1 + np.exp(-at)) - 0.5,
                 errors @ told + (slope - SLOPE) / SLOPE_SPREAD**2]  # fmt: skip
        return float(log_losses(logits, won).sum() + prior + believed), np.array(falls)

    wins = float(won.sum())
    start = math.log((wins + 0.5) / (len(won) - wins + 0.5))
    bounds = [(-20, 20), (0, 20)]
    found = minimize(loss, x0=[start, SLOPE], jac=True, method="L-BFGS-B", bounds=bounds)
    at, slope = found.x.tolist()
    return RulesLine(
        slope=slope / spread,
        intercept=at - slope * middle / spread,
        low=float(priorities.min()),
        high=float(priorities.max()),
    )


def _out_of_fold(priorities: Floats, won: Floats, groups: Sequence[str], seed: int) -> Floats:
    import numpy as np

    _, group = np.unique(np.asarray(groups), return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(group.max() + 1) % FOLDS)[group]
    margins = np.empty(len(won))
    for held in np.unique(fold):
        taught, asked = fold != held, fold == held
        line = (
            rules_line(priorities[taught], won[taught]) if taught.any() else RulesLine(0, 0, 0, 0)
        )
        margins[asked] = [line.logit_at(one) for one in priorities[asked].tolist()]
    return margins
