"""The baseline that needs no labels: the priority of the rules in force, without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.release import current
from training.calibration import platt

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from rules import Rulebook

    Floats = NDArray[np.float64]


def rules_in_force(engine: sa.Engine) -> Rulebook:
    """The catalog of the version that serves."""
    from rules import load_catalog
    from rules.life import version_files

    return load_catalog(version_files(engine, current(engine).rules_version))


def rules_alone(rulebook: Rulebook, taught: pa.Table, asked: pa.Table) -> Floats:
    """Propensities of the cases in `asked`: their priorities without a model, on Platt's curve over
    the cases in `taught`, so that they can be compared with chances.
    """
    import numpy as np

    before, now = (priorities(rulebook, table) for table in (taught, asked))
    won = np.asarray(taught["won"], dtype=np.float64)
    # Priorities go from 0 to 100, margins of trees from about -5 to 5: so do tenths of points.
    curve = platt(before / 10, won, np.ones(len(won)))
    return np.array([curve.propensity_at(one) for one in (now / 10).tolist()])


def priorities(rulebook: Rulebook, table: pa.Table) -> Floats:
    """Of each case, 0–100, as if no model were in force."""
    import numpy as np
    import pyarrow as pa

    from signals.backtest.judge import judge

    if not table.num_rows:
        return np.zeros(0)
    place = table.schema.get_field_index("propensity")
    nothing = pa.nulls(table.num_rows, pa.float64())
    return judge(rulebook, table.set_column(place, "propensity", nothing)).priority
