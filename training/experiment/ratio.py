"""Sample ratio: whether the arms got the shares that they were promised.

If not, something lost units on the way (an arm that crashes, a filter behind the assignment), and
no other figure of the experiment can be trusted.

Lindon, Malek: Anytime-valid inference for multinomial count data, NeurIPS 2022. The counts are
compared with the promised shares by a Dirichlet mixture around those shares; the e-value is the
ratio of the two likelihoods and may be looked at after every unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ALPHA = 0.001
"""An alarm throws the experiment away, so it has to be sure: one of a thousand sound ones."""

CONCENTRATION = 1_000.0
"""How close to the promised shares the alternatives lie: a deviation of about 1.5 points."""


def e_value(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Evidence against the shares (which sum to 1): 1 / `ALPHA` and more is an alarm."""
    weights = [CONCENTRATION * share for share in shares]
    total = sum(counts)
    mixed = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + total)
    for count, weight in zip(counts, weights, strict=True):
        mixed += math.lgamma(weight + count) - math.lgamma(weight)
    promised = sum(
        count * math.log(share) for count, share in zip(counts, shares, strict=True) if count
    )
    return math.exp(min(mixed - promised, 700.0))


def is_off(counts: Sequence[int], shares: Sequence[float]) -> bool:
    """Whether the counts cannot come from the shares."""
    return e_value(counts, shares) >= 1 / ALPHA
