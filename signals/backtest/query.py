"""A catalog over all leads of the past in one query of DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules import Rulebook
from signals.backtest.judged import BANDS, GRADES, SIGNAL, Judged, Way, pool_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_ASKED = ("priority", "band", "grade", "suppressed", "route_rule", "route_owner")


def judge_columns(rulebook: Rulebook, table: pa.Table) -> Judged:
    """In the order of the table."""
    import ibis
    import numpy as np

    from rules.columns import evaluate

    place = np.arange(table.num_rows)
    rows = ibis.memtable(table.append_column("place", [place])).rename(as_of="moment")
    judged = evaluate(rulebook, rows.mutate(signal=ibis.literal(SIGNAL)), keep=("place",))
    found = judged.select("place", *_ASKED).to_pyarrow()
    order = np.argsort(found["place"].to_numpy())
    told = {name: found[name].to_numpy(zero_copy_only=False)[order] for name in _ASKED}
    return Judged(
        told["priority"].astype(np.float64),
        _places(told["band"], BANDS),
        _places(told["grade"], GRADES),
        told["suppressed"].astype(bool),
        _ways(rulebook, table, told),
    )


def _places(words: NDArray[Any], names: tuple[str, ...]) -> NDArray[np.int8]:
    import numpy as np

    places = np.zeros(len(words), dtype=np.int8)
    for place, name in enumerate(names):
        places[words == name] = place
    return places


def _ways(
    rulebook: Rulebook, table: pa.Table, told: dict[str, NDArray[Any]]
) -> NDArray[np.object_]:
    import numpy as np

    targets = {rule.id: target for rule, target in rulebook.routing.rules}
    targets[rulebook.routing.default_id] = rulebook.routing.default
    owned = {
        name: np.asarray(table[target.owner.fact].is_valid())
        for name, target in targets.items()
        if target.owner.pool and target.owner.fact
    }
    ways = np.full(table.num_rows, None, dtype=object)
    same: dict[Way, Way] = {}
    for at in np.flatnonzero(told["band"] == "hot").tolist():
        rule = told["route_rule"][at]
        target = targets[rule]
        chosen = target.owner.pool and not (rule in owned and owned[rule][at])
        owner = pool_of(rule) if chosen else told["route_owner"][at]
        way = Way(rule, owner, target.respond_within_s)
        ways[at] = same.setdefault(way, way)
    return ways
