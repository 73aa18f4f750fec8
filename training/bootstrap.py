"""How far chance alone moves a figure: the bootstrap by account, paired where two are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from training.weighted import METRICS, figures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

REPEATS = 500
_AT_ONCE = 4_000_000
"""Weights held in memory at a time."""


class Figure(msgspec.Struct, frozen=True):
    """`low` and `high`: 95 %. All None where the figure has no meaning, as an AUC without wins."""

    value: float | None
    low: float | None = None
    high: float | None = None


Figures = dict[str, Figure]


class Outcome(msgspec.Struct, frozen=True):
    """Each model's figures, and by how much the first is above each other one."""

    models: dict[str, Figures]
    differences: dict[str, Figures]


def judge(
    won: Truths,
    values: Floats,
    groups: Sequence[str],
    chances: Mapping[str, Floats],
    seed: int,
    repeats: int = REPEATS,
) -> Outcome:
    """Of several models on the same rows. All take the same draws of whole groups (Efron 1979;
    Davison and Hinkley 1997, 3.8), so that differences are paired. `values`: what a won deal was
    worth, 0 where unknown.
    """
    import numpy as np

    once = np.ones((1, len(won)))
    told = {name: figures(won, one, values, once) for name, one in chances.items()}
    drawn: dict[str, dict[str, list[Floats]]] = {
        name: {metric: [] for metric in METRICS} for name in chances
    }
    for weights in _draws(groups, seed, repeats):
        for name, one in chances.items():
            for metric, figure in figures(won, one, values, weights).items():
                drawn[name][metric].append(figure)
    again = {
        name: {metric: np.concatenate(parts) for metric, parts in found.items()}
        for name, found in drawn.items()
    }
    first, *others = chances
    return Outcome(
        models={name: _figures(told[name], again[name]) for name in chances},
        differences={
            name: _figures(_minus(told[first], told[name]), _minus(again[first], again[name]))
            for name in others
        },
    )


def _draws(groups: Sequence[str], seed: int, repeats: int) -> Iterator[Floats]:
    """How often each row counts, some repeats at a time."""
    import numpy as np

    names, group = np.unique(np.asarray(groups), return_inverse=True)
    chance = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    step = max(1, _AT_ONCE // len(group))
    for start in range(0, repeats, step):
        counts = chance.multinomial(len(names), even, size=min(step, repeats - start))
        yield counts[:, group].astype(np.float64)


def _minus(first: Mapping[str, Floats], second: Mapping[str, Floats]) -> dict[str, Floats]:
    return {metric: first[metric] - second[metric] for metric in METRICS}


def _figures(told: Mapping[str, Floats], drawn: Mapping[str, Floats]) -> Figures:
    return {metric: _figure(float(told[metric][0]), drawn[metric]) for metric in METRICS}


def _figure(value: float, drawn: Floats) -> Figure:
    import numpy as np

    defined = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(defined) < 0.95 * len(drawn):
        return Figure(None if np.isnan(value) else value)
    low, high = np.quantile(defined, [0.025, 0.975])
    return Figure(value, float(low), float(high))
