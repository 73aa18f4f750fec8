"""Who goes from which band to which, by which route, and what that is to do for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from signals.backtest.judged import BANDS, Judged, Way
from signals.backtest.report import Load, Move

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def band_moves(before: Judged, after: Judged, won: NDArray[np.bool_]) -> tuple[Move, ...]:
    pairs = zip(before.band.tolist(), after.band.tolist(), strict=True)
    return _moves([(BANDS[one], BANDS[other]) for one, other in pairs], won)


def route_moves(before: Judged, after: Judged, won: NDArray[np.bool_]) -> tuple[Move, ...]:
    pairs = [
        (one.rule if one else None, other.rule if other else None)
        for one, other in zip(before.way, after.way, strict=True)
    ]
    return tuple(move for move in _moves(pairs, won) if move.before != move.after)


def _moves(
    pairs: Sequence[tuple[str | None, str | None]], won: NDArray[np.bool_]
) -> tuple[Move, ...]:
    """Most leads first."""
    wins = Counter(pair for pair, ended in zip(pairs, won.tolist(), strict=True) if ended)
    return tuple(
        Move(before, after, leads, wins[before, after])
        for (before, after), leads in Counter(pairs).most_common()
    )


def loads(before: Judged, after: Judged) -> tuple[Load, ...]:
    """Whoever has the most to do after the edit comes first."""
    was, now = Counter(_owned(before.way)), Counter(_owned(after.way))
    found = [Load(*pair, was[pair], now[pair]) for pair in {**was, **now}]
    return tuple(sorted(found, key=lambda one: (-one.after, -one.before, one.owner)))


def _owned(ways: Iterable[Way | None]) -> Iterator[tuple[str, int]]:
    return ((way.owner, way.respond_within_s) for way in ways if way)
