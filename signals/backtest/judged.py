"""What a catalog made of the leads of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BANDS = ("hot", "warm", "cold")
GRADES = ("A", "B", "C", "D")
SIGNAL = "lead.hot"
"""What is routed: a lead that is hot would have been told of."""


def pool_of(rule: str) -> str:
    """Stands for whoever a route's round robin would have chosen: whose turn it was is not kept."""
    return f"round robin of {rule}"


class Way(NamedTuple):
    """Where the signal of a hot lead would have gone."""

    rule: str
    owner: str
    """A name, or `pool_of(rule)`."""
    respond_within_s: int


class Judged(NamedTuple):
    """One entry a lead, in the order of the table."""

    priority: NDArray[np.float64]
    band: NDArray[np.int8]
    """Place in `BANDS`: it is entered afresh, for bands of the past are not kept."""
    grade: NDArray[np.int8]
    """Place in `GRADES`."""
    suppressed: NDArray[np.bool_]
    way: NDArray[np.object_]
    """A `Way`; None for leads that are not hot: nobody would have been told."""
