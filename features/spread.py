"""How the values of one feature were spread in a sample, and how far others have moved."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import msgspec

from features.windows import Value

NAMED = 10
"""Numbers with no more different values than this are counted value by value, others by decile."""
WORDS = 50
"""Of one feature, the most frequent first; rarer ones are counted together."""
DECILES = 10
FLOOR = 1e-4
"""The least share of a bin: an empty one would make the index infinite."""
_SURELY = 4.0
"""Standard normal deviates: of a hundred features looked at each day, chance alone passes the bound
once in a year."""

Shares = tuple[float, ...]
"""Of missing values, of each bin, of what is in none of them: they sum to 1."""


class Spread(msgspec.Struct, frozen=True):
    """Shares of one feature's values. Either `named` has the values with a share each, the rest
    being others; or `edges` has the bins' upper borders, included, with one bin beyond the last.
    """

    missing: float
    shares: tuple[float, ...]
    named: tuple[float | str, ...] = ()
    edges: tuple[float, ...] = ()


def spread_of(values: Sequence[Value]) -> Spread:
    """Of at least one value."""
    there = [value for value in values if value is not None]
    missing = 1 - len(there) / len(values)
    counted = Counter(there)
    numbers = [value for value in there if not isinstance(value, str)]
    if len(counted) > NAMED and len(numbers) == len(there):
        edges = _deciles(numbers)
        empty = Spread(missing, (), edges=edges)
    else:
        empty = Spread(missing, (), named=tuple(value for value, _ in counted.most_common(WORDS)))
    return msgspec.structs.replace(empty, shares=shares_of(empty, values)[1:-1])


def _deciles(numbers: list[float]) -> tuple[float, ...]:
    """The nine borders; fewer where one value fills more than a tenth."""
    numbers = sorted(numbers)
    last = len(numbers) - 1
    return tuple(sorted({numbers[last * at // DECILES] for at in range(1, DECILES)}))


def psi(spread: Spread, values: Sequence[Value], expected: Shares | None = None) -> float:
    """Population stability index, Σ (q − p) · ln(q / p) over the bins, missing being one of them;
    p the shares of `spread` (or those `expected` in its bins), q those of `values`. 0 for equal
    shares; by the customary reading below 0.1 nothing has moved and above 0.25 much has (Siddiqi,
    Credit Risk Scorecards, 2006).
    """
    told = 0.0
    for before, now in zip(expected or all_shares(spread), shares_of(spread, values), strict=True):
        p, q = max(before, FLOOR), max(now, FLOOR)
        told += (q - p) * math.log(q / p)
    return told


def by_chance(bins: int, rows: float, taught: float) -> float:
    """A PSI that two samples of one population hardly ever pass: it is (1/rows + 1/taught) times a
    χ² of bins − 1 degrees of freedom (Yurdakul, Statistical Properties of Population Stability
    Index, 2018), of which this is a high quantile (Wilson and Hilferty 1931).
    """
    free = max(1, bins - 1)
    spread = 2 / (9 * free)
    return (1 / rows + 1 / taught) * free * (1 - spread + _SURELY * math.sqrt(spread)) ** 3


def all_shares(spread: Spread) -> Shares:
    """Of the sample that it was made of."""
    others = max(0.0, 1 - spread.missing - sum(spread.shares))
    return (spread.missing, *spread.shares, others)


def shares_of(spread: Spread, values: Sequence[Value]) -> Shares:
    """Of at least one value, in the bins of `spread`."""
    bins = len(spread.edges) + 1 if spread.edges else len(spread.named)
    place = {value: at for at, value in enumerate(spread.named, start=1)}
    counts = [0] * (bins + 2)
    for value in values:
        if value is None:
            counts[0] += 1
        elif not spread.edges:
            counts[place.get(value, bins + 1)] += 1
        elif isinstance(value, str):
            counts[-1] += 1
        else:
            counts[bisect_left(spread.edges, value) + 1] += 1
    return tuple(count / len(values) for count in counts)
