"""Accounts of the test leads: whether people together tell more than the best of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scoring.account import any_of
from training.compare import compare
from training.dataset import Example

WAYS: dict[str, Callable[[list[float]], float]] = {
    "any": lambda chances: any_of(chances) or 0.0,
    "best": max,
    "mean": lambda chances: sum(chances) / len(chances),
}
"""`any` is what serves; the others are what it is held against."""


def evaluate_accounts(
    tested: Sequence[Example], chances: Sequence[float]
) -> dict[str, dict[str, float]]:
    """Figures of each way, as `training.compare`. An account is won when one of its test leads was,
    in that lead's own label window.
    """
    people: dict[str, list[float]] = {}
    won: dict[str, bool] = {}
    for one, chance in zip(tested, chances, strict=True):
        people.setdefault(one.group, []).append(chance)
        won[one.group] = won.get(one.group, False) or one.label.won
    return {
        name: compare(list(won.values()), [way(told) for told in people.values()])
        for name, way in WAYS.items()
    }
