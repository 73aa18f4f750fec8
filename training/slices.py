"""slices: by which words leads are looked at apart, so that nobody pays for a better average."""

from __future__ import annotations

from collections.abc import Sequence

from features.vector import FeatureVector
from scoring.card import Input

OURS = ("industry", "employee_band", "region", "source")
MOST_COLUMNS = 6
"""Columns of the CRM that are slices as well, in the order of their names."""
MOST_WORDS = 30
"""Of a column; one with more has hardly a slice that could be judged."""

Slices = dict[str, list[str | None]]


def slices_of(inputs: Sequence[Input], vectors: Sequence[FeatureVector]) -> Slices:
    """The words of each slice, one a vector: our own features that somebody has, and columns of the
    CRM that the model reads.
    """
    theirs = sorted(
        one.name
        for one in inputs
        if one.is_custom and one.words is not None and 2 <= len(one.words) <= MOST_WORDS
    )
    told: Slices = {}
    for name in (*OURS, *theirs[:MOST_COLUMNS]):
        values = [one.values.get(name) for one in vectors]
        words = [None if value is None else str(value) for value in values]
        if any(word is not None for word in words):
            told[name] = words
    return told
