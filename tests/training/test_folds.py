"""Folds: groups stay together and wins are spread, whether the rows are few or many."""

from __future__ import annotations

import numpy as np
import pytest

import training.folds
from training.folds import folds


@pytest.mark.parametrize(("many", "parts"), [(10**9, 5), (0, 2)])
def test_no_group_is_on_both_sides_and_wins_are_spread(many, parts, monkeypatch):
    """Else a model is judged on accounts that it knows, or on a fold that nobody won."""
    monkeypatch.setattr(training.folds, "MANY", many)
    chance = np.random.default_rng(1)
    won = (chance.random(6_000) < 0.2).astype(float)
    groups = [str(at // 3) for at in range(6_000)]

    found = folds(won, groups, seed=3)

    assert len(found) == parts
    assert sorted(np.concatenate([asked for _, asked in found]).tolist()) == list(range(6_000))
    for taught, asked in found:
        assert not {groups[at] for at in taught} & {groups[at] for at in asked}
        assert len(taught) + len(asked) == 6_000
        assert won[asked].mean() == pytest.approx(won.mean(), abs=0.04)
    again = folds(won, groups, seed=3)
    assert all(np.array_equal(one[1], two[1]) for one, two in zip(found, again, strict=True))


def test_a_giant_group_is_placed_with_care(monkeypatch):
    """One account with half of the rows, dealt at random, would leave folds of all sizes."""
    monkeypatch.setattr(training.folds, "MANY", 0)
    won = np.arange(1_000) % 3 == 0
    groups = ["giant"] * 100 + [str(at) for at in range(900)]
    sizes = [len(asked) for _, asked in folds(won.astype(float), groups, seed=3)]
    assert max(sizes) - min(sizes) <= 3
