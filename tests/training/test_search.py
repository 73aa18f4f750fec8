"""A search finds what is clearly better, and does not fall for luck."""

from __future__ import annotations

import numpy as np
import pytest

import training.search
from training.losses import gain, log_losses
from training.search import SPACE, search
from training.table import Table

ROWS = 400
WON = (np.arange(ROWS) % 3 == 0).astype(float)


def _table() -> Table:
    weights = np.where(np.arange(ROWS) % 4 == 0, 0.05, 1.0)
    return Table(np.zeros((ROWS, 1)), WON, weights, [str(at // 2) for at in range(ROWS)], [])


@pytest.fixture
def tried(monkeypatch):
    """Folds whose margins are as good as the fake says of each parameters."""
    seen = []

    def use(skill):
        def cross_validate(table, parameters, seed):
            seen.append((parameters, len(table.won)))
            return np.where(table.won > 0, 1.0, -1.0) * skill(parameters), 100

        monkeypatch.setattr(training.search, "cross_validate", cross_validate)
        return seen

    return use


def test_what_is_clearly_better_is_taken(tried):
    """And tried on rows of full weight alone, beside what stands without a search."""
    seen = tried(lambda parameters: 2.0 if parameters.get("num_leaves") == 4 else 0.1)

    found = search(_table(), {"objective": "binary"}, 12, 99, 1)

    assert found.chosen["num_leaves"] == 4
    assert seen[0] == ({"objective": "binary"}, 300)
    assert len(found.trials) == 13
    assert found.chosen.keys() == SPACE.keys()


def test_a_little_luck_is_not_taken(tried):
    """The best of many trials looks better than it is."""
    chance = np.random.default_rng(3)
    tried(lambda parameters: 0.5 + 0.02 * chance.normal(size=300) * bool(parameters))

    assert search(_table(), {}, 10, 99, 1).chosen == {}


def test_the_same_seed_tries_the_same_and_time_bounds_it(tried):
    """More trials begin with those of fewer; without time what stands is still looked at."""
    tried(lambda _: 1.0)

    two, five = (search(_table(), {}, trials, 99, 6).trials for trials in (2, 5))

    assert [one.parameters for one in two] == [one.parameters for one in five[:3]]
    assert len(search(_table(), {}, 5, -1, 6).trials) == 1
    assert search(_table(), {}, 0, 99, 6) == ([], {})


def test_rows_of_one_group_are_no_independent_witnesses():
    """Ten copies of a row are as sure as one."""
    chance = np.random.default_rng(5)
    won = (chance.random(200) < 0.4).astype(float)
    first, second = (log_losses(chance.normal(size=200), won) for _ in range(2))
    once = gain(first, second, np.ones(200), [str(at) for at in range(200)])
    again = gain(*(np.repeat(one, 10) for one in (first, second)), np.ones(2000),
                 [str(at // 10) for at in range(2000)])  # fmt: skip

    assert np.allclose(once, again)
