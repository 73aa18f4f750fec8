"""A test of the workshop itself: from shuffled ends nothing can be learnt, or something leaks."""

from __future__ import annotations

import math

from core.errors import WorkError
from training.grow import PARAMETERS, cross_validate
from training.table import Table, fewer

ERRORS = 3.3
"""Standard errors around one half that chance is allowed: it fails one run of a thousand."""


def shuffled_auc(table: Table, seed: int) -> float:
    """AUC out of fold after the ends were dealt anew among the rows.

    WorkError when it lies further from one half than chance explains (standard error of an AUC of
    one half: Mann and Whitney 1947).
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    table = fewer(table, seed)
    dealt = table._replace(won=np.random.default_rng(seed).permutation(table.won))
    margins, _ = cross_validate(dealt, {**PARAMETERS, "seed": seed, "num_threads": 1}, seed)
    auc = float(roc_auc_score(dealt.won, margins))
    won = float(dealt.won.sum())
    lost = len(dealt.won) - won
    error = math.sqrt((won + lost + 1) / (12 * won * lost))
    if abs(auc - 0.5) > ERRORS * error:
        raise WorkError(
            f"shuffled ends were found again with an AUC of {auc:.3f}, where chance allows "
            f"{0.5 - ERRORS * error:.3f} to {0.5 + ERRORS * error:.3f}: nothing was trained",
            do="something of the rows that are asked reaches the rows that teach: please report it",
        )
    return auc
