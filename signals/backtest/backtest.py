"""backtest: two catalogs over the same leads of the past → what the edit would have done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.clock import DAY, to_iso
from rules import Rulebook
from signals.backtest.chance import wilson
from signals.backtest.changes import changes
from signals.backtest.figures import MEASURES, gain
from signals.backtest.flips import MOST, Tellers, flipped
from signals.backtest.judge import judge
from signals.backtest.judged import BANDS, GRADES
from signals.backtest.moves import band_moves, loads, route_moves
from signals.backtest.past import Past
from signals.backtest.report import (
    Both,
    Change,
    Counted,
    Origins,
    Part,
    Report,
    Window,
)
from signals.backtest.tally import Tally, clusters_of, tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH_WON = 30
"""With fewer wins every figure is mostly chance."""
GAIN_POINTS = 51


class Version(NamedTuple):
    """A catalog and what it is called."""

    name: str
    rulebook: Rulebook


def backtest(
    past: Past, before: Version, after: Version, *, days: int, now: int, seed: int
) -> Report:
    """`now` in microseconds, UTC; `days` and `now` are those that `past` was read with."""
    import numpy as np

    table = past.table
    judged = judge(before.rulebook, table), judge(after.rulebook, table)
    won = np.asarray(table["won"], dtype=bool)
    accounts = table["account_id"].to_pylist()
    clusters = clusters_of(accounts)
    tallies = tally(judged[0], won, clusters), tally(judged[1], won, clusters)
    places = flipped(*judged)
    tellers = Tellers(before.rulebook, after.rulebook)
    told = changes(tallies, seed)
    return Report(
        before_version=before.name,
        after_version=after.name,
        window=Window(days, to_iso(now - days * DAY), to_iso(now), past.origin.moment_days),
        propensities=_origins(past),
        leads=len(won),
        won=int(won.sum()),
        accounts=len({one for one in accounts if one}),
        closed_by_then=_closed(past, won),
        bands=_parts(BANDS, tallies[0].bands, tallies[1].bands, told),
        grades=_parts(GRADES, tallies[0].grades, tallies[1].grades, told),
        measures={name: told[name] for name in MEASURES},
        suppressed=Both(_counted(tallies[0].suppressed, 1), _counted(tallies[1].suppressed, 1)),
        moves=band_moves(*judged, won),
        routes=route_moves(*judged, won),
        owners=loads(*judged),
        flips=tuple(tellers.tell(table, places[:MOST], *judged)),
        flips_total=len(places),
        warnings=(*past.notes, *_doubts(won, len(places))),
        gain={"before": _curve(tallies[0]), "after": _curve(tallies[1])},
    )


def _parts(
    names: Sequence[str], before: Floats, after: Floats, told: Mapping[str, Change]
) -> dict[str, Part]:
    return {
        name: Part(_counted(before, at), _counted(after, at), told[name])
        for at, name in enumerate(names)
    }


def _counted(counts: Floats, kind: int) -> Counted:
    return _count(*(int(one) for one in counts[:, kind].sum(axis=0)))


def _count(leads: int, won: int) -> Counted:
    return Counted(leads, won, won / leads if leads else None, wilson(won, leads))


def _closed(past: Past, won: NDArray[np.bool_]) -> Counted:
    import numpy as np

    closed = np.asarray(past.table["settled_at"]) <= np.asarray(past.table["moment"])
    return _count(int(closed.sum()), int((closed & won).sum()))


def _origins(past: Past) -> Origins:
    counted = Counter(past.table["propensity_source"].to_pylist())
    sources = (counted[name] for name in ("out_of_fold", "held_out", "none"))
    return Origins(past.origin.model, past.origin.version, *sources)


def _doubts(won: NDArray[np.bool_], flips: int) -> Iterator[str]:
    wins = int(won.sum())
    if wins < ENOUGH_WON:
        yield f"only {wins} leads were won: figures of so few wins are mostly chance"
    if wins == len(won):
        yield "every lead was won: there is nothing that an edit could tell apart"
    if flips > MOST:
        yield f"{flips} leads change band or route; the {MOST} that move farthest are named"


def _curve(told: Tally) -> list[tuple[float, float]]:
    """At even shares of leads, straight lines between priorities."""
    import numpy as np

    reached, won = gain(told.steps.sum(axis=0))
    at = np.linspace(0, 1, GAIN_POINTS)
    return [
        (round(float(one), 4), round(float(other), 4))
        for one, other in zip(at, np.interp(at, reached, np.nan_to_num(won)), strict=True)
    ]
