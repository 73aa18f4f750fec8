"""evaluate: cases and propensities → all that a model card tells, beside the baselines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from core.clock import to_iso
from signals.backtest.chance import wilson
from training.bootstrap import Figures, judge
from training.single import interval

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

SLICES = ("industry", "employee_band", "region", "source")
LEAST_ROWS = 30
"""Of a slice: fewer tell nothing."""
BINS = 10
GAIN_POINTS = 51
OURS = "model"


class Part(msgspec.Struct, frozen=True):
    """Leads that have something in common. `low` and `high`: 95 % of the win rate (Wilson)."""

    by: str
    name: str
    rows: int
    won: int
    win_rate: float
    low: float
    high: float
    told: float
    """The mean propensity."""
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None


class Evaluation(msgspec.Struct, frozen=True):
    """Of the test leads, at the evaluated age."""

    rows: int
    won: int
    accounts: int
    models: dict[str, Figures]
    """`model`, then what it is held against; each figure with its 95 % interval by account."""
    differences: dict[str, Figures]
    """The model's figures less the other's, paired."""
    reliability: tuple[Part, ...]
    """Tenths by propensity, lowest first."""
    bands: tuple[Part, ...]
    """Hot, warm and cold, by the rules in force with this model."""
    slices: tuple[Part, ...]
    months: tuple[Part, ...]
    """By month of the moment, oldest first."""
    gain: dict[str, tuple[tuple[float, float], ...]]
    """Share of leads worked off, share of wins among them; a curve a model."""
    worst_gap_by_chance: float | None = None
    """The calibration error that a model would show whose propensities are exactly right, in 95 of
    100 draws: with few test leads it is far from 0."""


def evaluate(
    table: pa.Table, groups: Sequence[str], chances: Mapping[str, Floats], bands: Sequence[str],
    seed: int,
) -> Evaluation | None:  # fmt: skip
    """`table` as in `scoring.cases`; `groups` and `bands` by row; `chances` by model, ours first.

    None without a row.
    """
    import numpy as np

    won = np.asarray(table["won"], dtype=bool)
    if not len(won):
        return None
    values = np.nan_to_num(np.asarray(table["value"].to_numpy(zero_copy_only=False), dtype=float))
    ours = next(iter(chances.values()))
    outcome = judge(won, values, groups, chances, seed)
    months = [to_iso(moment)[:7] for moment in table["moment"].to_pylist()]
    return Evaluation(
        rows=len(won),
        won=int(won.sum()),
        accounts=len(set(groups)),
        models=outcome.models,
        differences=outcome.differences,
        reliability=tuple(_reliability(won, ours)),
        bands=tuple(_parts("band", bands, won, ours, least=1)),
        slices=tuple(
            part
            for by in SLICES
            for part in _parts(by, [one or "–" for one in table[by].to_pylist()], won, ours)
        ),
        months=tuple(sorted(_parts("month", months, won, ours), key=lambda part: part.name)),
        gain={name: _gain(won, one) for name, one in chances.items()},
        worst_gap_by_chance=_by_chance(ours, seed),
    )


def _reliability(won: Truths, chances: Floats) -> Iterator[Part]:
    import numpy as np

    for at, rows in enumerate(np.array_split(np.argsort(chances, kind="stable"), BINS), 1):
        if len(rows):
            yield _part("tenth", str(at), won[rows], chances[rows])


def _parts(
    by: str, names: Sequence[str], won: Truths, chances: Floats, least: int = LEAST_ROWS
) -> Iterator[Part]:
    """Most leads first."""
    import numpy as np

    told = np.asarray(names, dtype=object)
    kinds, counts = np.unique(told.astype(str), return_counts=True)
    for at in np.argsort(-counts, kind="stable").tolist():
        if counts[at] >= least:
            rows = told == kinds[at]
            yield _part(by, str(kinds[at]), won[rows], chances[rows])


def _part(by: str, name: str, won: Truths, chances: Floats) -> Part:
    from sklearn.metrics import roc_auc_score

    rows, wins = len(won), int(won.sum())
    low, high = wilson(wins, rows) or (0.0, 1.0)
    bare = Part(by, name, rows, wins, wins / rows, low, high, float(chances.mean()))
    if not 0 < wins < rows:
        return bare
    auc = float(roc_auc_score(won, chances))
    auc_low, auc_high = interval(auc, wins, rows - wins)
    return msgspec.structs.replace(bare, auc=auc, auc_low=auc_low, auc_high=auc_high)


def _gain(won: Truths, chances: Floats) -> tuple[tuple[float, float], ...]:
    """At even shares of leads; leads of one propensity come evenly."""
    import numpy as np

    steps, step = np.unique(-chances, return_inverse=True)
    rows = np.bincount(step, minlength=len(steps)).cumsum() / len(won)
    wins = np.bincount(step, won, minlength=len(steps)).cumsum() / max(1, won.sum())
    at = np.linspace(0, 1, GAIN_POINTS)
    reached = np.interp(at, np.r_[0, rows], np.r_[0, wins])
    return tuple(
        (round(float(one), 4), round(float(other), 4))
        for one, other in zip(at, reached, strict=True)
    )


def _by_chance(chances: Floats, seed: int) -> float:
    """95 % quantile over 200 draws of ends from the propensities themselves."""
    import numpy as np

    from training.compare import calibration_error

    chance = np.random.default_rng(seed)
    told = chances.tolist()
    drawn = [
        calibration_error((chance.random(len(told)) < chances).tolist(), told) for _ in range(200)
    ]
    return float(np.quantile(drawn, 0.95))
