"""A test of the workshop itself: from shuffled ends nothing can be learnt, or something leaks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.errors import WorkError
from training.grow import PARAMETERS, cross_validate
from training.table import MOST_ROWS, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ERRORS = 3.3
"""Standard errors around one half that chance is allowed: it fails one run of a thousand."""


def shuffled_auc(table: Table, seed: int) -> float:
    """AUC out of fold after the ends were dealt anew among the leads, all rows of a lead keeping
    one end: rows of a lead that reach several folds are found out.

    WorkError when it lies further from one half than chance explains (standard error of an AUC of
    one half: Mann and Whitney 1947).
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    table, lead = _some_leads(table, seed)
    won = np.zeros(lead.max() + 1)
    won[lead] = table.won
    won = np.random.default_rng(seed).permutation(won)
    dealt = table._replace(won=won[lead])
    margins, _ = cross_validate(dealt, {**PARAMETERS, "seed": seed, "num_threads": 1}, seed)
    means = np.bincount(lead, margins) / np.bincount(lead)
    auc = float(roc_auc_score(won, means))
    wins = float(won.sum())
    losses = len(won) - wins
    error = math.sqrt((wins + losses + 1) / (12 * wins * losses))
    if abs(auc - 0.5) > ERRORS * error:
        raise WorkError(
            f"shuffled ends were found again with an AUC of {auc:.3f}, where chance allows "
            f"{0.5 - ERRORS * error:.3f} to {0.5 + ERRORS * error:.3f}: nothing was trained",
            do="something of the rows that are asked reaches the rows that teach: please report it",
        )
    return auc


def _some_leads(table: Table, seed: int) -> tuple[Table, NDArray[np.int64]]:
    """The rows that teach, of many leads only some, and whose each row is. All weigh the same: a
    lead's rows at other ages would hide in theirs what they give away.
    """
    import numpy as np

    table = table.take(np.flatnonzero(table.weights > 0))
    whose = range(len(table.won)) if table.leads is None else table.leads
    _, lead = np.unique(np.asarray(whose), return_inverse=True)
    drawn = np.random.default_rng(seed).permutation(lead.max() + 1)
    sizes = np.bincount(lead)[drawn]
    some = drawn[: int(np.searchsorted(np.cumsum(sizes), MOST_ROWS)) + 1]
    rows = np.flatnonzero(np.isin(lead, some))
    table = table.take(rows)._replace(weights=np.ones(len(rows)))
    return table, np.unique(lead[rows], return_inverse=True)[1]
