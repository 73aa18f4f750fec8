"""The baseline that sellers know: a logistic regression on the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training.grow import split
from training.table import Table, fewer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
"""Inverse ridge penalties; the best one on folds by group is taken."""
OFTEN_MISSING = 0.01


class Prepared(NamedTuple):
    """How columns become a design matrix: learnt from the teaching rows alone."""

    numbers: list[int]
    missing: list[int]
    levels: dict[int, Floats]
    means: Floats
    spreads: Floats


def scorecard(taught: Table, asked: Floats, seed: int) -> Floats:
    """Propensities of the rows of `asked`. Taught with rows of full weight, 20,000 at most."""
    from sklearn.linear_model import LogisticRegressionCV

    taught = fewer(taught, seed)
    prepared = _prepare(taught)
    model = LogisticRegressionCV(
        Cs=list(STRENGTHS),
        l1_ratios=(0,),
        cv=split(taught, seed),
        scoring="neg_log_loss",
        max_iter=300,
        tol=1e-3,
        use_legacy_attributes=False,
    )
    model.fit(_design(taught.matrix, prepared), taught.won)
    told: Floats = model.predict_proba(_design(asked, prepared))[:, 1]
    return told


def _prepare(taught: Table) -> Prepared:
    import numpy as np

    words = set(taught.words)
    numbers = [at for at in range(taught.matrix.shape[1]) if at not in words]
    often = np.isnan(taught.matrix[:, numbers]).mean(axis=0) > OFTEN_MISSING
    seen = {at: taught.matrix[:, at] for at in taught.words}
    bare = Prepared(
        numbers,
        [at for at, many in zip(numbers, often.tolist(), strict=True) if many],
        {at: np.unique(values[~np.isnan(values)]) for at, values in seen.items()},
        np.zeros(1),
        np.ones(1),
    )
    design = _design(taught.matrix, bare)
    spreads = design.std(axis=0)
    return bare._replace(means=design.mean(axis=0), spreads=np.where(spreads > 0, spreads, 1.0))


def _design(matrix: Floats, prepared: Prepared) -> Floats:
    """Counts by their logarithm, what is missing as 0 and said so, a column a word."""
    import numpy as np

    told = np.nan_to_num(matrix[:, prepared.numbers])
    parts = [np.sign(told) * np.log1p(np.abs(told)), np.isnan(matrix[:, prepared.missing])]
    parts += [matrix[:, [at]] == levels for at, levels in prepared.levels.items()]
    design: Floats = np.hstack(parts).astype(np.float64)
    return (design - prepared.means) / prepared.spreads
