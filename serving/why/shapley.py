"""A difference, shared out among its causes so that the shares add up to it exactly.

Each cause is worth what it adds, averaged over the orders in which the causes may have come: the
Shapley value (Shapley 1953)

    share(c) = mean over orders of [ worth(causes before c, and c) − worth(causes before c) ]

Where one cause cannot come before another, only orders that respect that count: the Shapley value
under precedence constraints (Faigle and Kern 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import permutations

Worth = Callable[[frozenset[str]], float]


def shares(
    causes: Sequence[str], worth: Worth, after: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Cause → its share. `worth` is asked once for each set of causes.

    `after` says which cause comes only after which other one. Up to 7 causes: 5,040 orders.
    """
    earlier = after or {}
    orders = [order for order in permutations(causes) if _may_come(order, earlier)]
    told = cache(worth)
    totals = dict.fromkeys(causes, 0.0)
    for order in orders:
        before: frozenset[str] = frozenset()
        for cause in order:
            with_it = before | {cause}
            totals[cause] += told(with_it) - told(before)
            before = with_it
    return {cause: total / len(orders) for cause, total in totals.items()}


def _may_come(order: Sequence[str], earlier: Mapping[str, str]) -> bool:
    places = {cause: at for at, cause in enumerate(order)}
    return all(places[first] < places[later] for later, first in earlier.items())
