"""The baseline that needs no labels: the priority of the rules in force, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.release import current
from scoring.blend import chance_at
from signals.propensities import priorities_of, rules_of
from training.blend import rules_line
from training.build import Ruled
from training.dataset import Example

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from rules import Rulebook

    Floats = NDArray[np.float64]


def rules_alone(rulebook: Rulebook, taught: pa.Table, asked: pa.Table) -> Floats:
    """Propensities of the cases in `asked`: their priorities without a model, on a line over the
    cases in `taught`, so that they can be compared with chances.
    """
    import numpy as np

    before, now = (priorities(rulebook, table) for table in (taught, asked))
    won = np.asarray(taught["won"], dtype=np.float64)
    line = rules_line(before, won)
    return np.array([chance_at(line.logit_at(one)) for one in now.tolist()])


def ask_rules(engine: sa.Engine, examples: Sequence[Example]) -> Ruled:
    """What the rules in force make of these examples, each as it was known at its moment."""
    import numpy as np

    vectors = [one.vector for one in examples]
    version = current(engine).rules_version
    told = priorities_of(engine, rules_of(engine, version), vectors)
    return Ruled(np.array(told, dtype=np.float64), version)


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
