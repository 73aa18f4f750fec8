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


class OpenThen(msgspec.Struct, frozen=True):
    """Of the test leads whose deal had not closed by their moment: the ones that anybody scores.
    Fields as in `Evaluation`.
    """

    rows: int
    won: int
    told: float
    """The mean propensity."""
    models: dict[str, Figures]
    reliability: tuple[Part, ...]
    worst_gap_by_chance: float


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
    open_then: OpenThen | None = None
    """None where all had closed."""
    first_moment: int = 0
    last_moment: int = 0
    """At which the leads were looked at; microseconds, UTC."""

    @property
    def judged(self) -> OpenThen | Evaluation:
        """Whose calibration is told: of open leads if there are `LEAST_ROWS`, else of all."""
        there = self.open_then
        return there if there is not None and there.rows >= LEAST_ROWS else self


def evaluate(
    table: pa.Table, groups: Sequence[str], chances: Mapping[str, Floats], bands: Sequence[str],
    seed: int, slices: Mapping[str, Sequence[str | None]],
) -> Evaluation | None:  # fmt: skip
    """`table` as in `scoring.cases`; `groups`, `bands` and the words of each of `slices` by row;
    `chances` by model, ours first.

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
            for by, words in slices.items()
            for part in _parts(by, [one or "–" for one in words], won, ours)
        ),
        months=tuple(
            sorted(_parts("month", months, won, ours, least=1), key=lambda part: part.name)
        ),
        gain={name: _gain(won, one) for name, one in chances.items()},
        worst_gap_by_chance=_by_chance(ours, seed),
        open_then=_open_then(table, won, values, groups, chances, seed),
        first_moment=min(table["moment"].to_pylist()),
        last_moment=max(table["moment"].to_pylist()),
    )


def _open_then(
    table: pa.Table, won: Truths, values: Floats, groups: Sequence[str],
    chances: Mapping[str, Floats], seed: int,
) -> OpenThen | None:  # fmt: skip
    import numpy as np

    settled, moment = (np.asarray(table[name], dtype=np.int64) for name in ("settled_at", "moment"))
    rows = np.flatnonzero(settled > moment).tolist()
    if not rows:
        return None
    told = {name: np.asarray(one)[rows] for name, one in chances.items()}
    ours = next(iter(told.values()))
    outcome = judge(won[rows], values[rows], [groups[row] for row in rows], told, seed)
    return OpenThen(
        rows=len(rows),
        won=int(won[rows].sum()),
        told=float(ours.mean()),
        models=outcome.models,
        reliability=tuple(_reliability(won[rows], ours)),
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
