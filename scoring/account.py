"""The chances of an account's people → the chance of the account."""

from __future__ import annotations

import math
from collections.abc import Iterable


def any_of(propensities: Iterable[float]) -> float | None:
    """The chance that at least one of these people is won: 1 - Π (1 - p). None without anybody.

    That takes them as independent, given all that the model knows of each. On generated worlds
    that held: a curve fitted on top of it was a straight line, and no better (docs/proofs.md).
    """
    left = [math.log1p(-min(one, 1.0)) if one < 1 else -math.inf for one in propensities]
    return -math.expm1(math.fsum(left)) if left else None
