"""What is looked up in tables is what LightGBM computes: margins to the last bit, reasons too."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.forest import read_forest
from scoring.score import STRONGEST
from scoring.scorer import strongest_of
from scoring.shapley import MOST_SPLITS, Tables

WORDS = [2, 4]
ODD = (0.0, -0.0, 1e-40, 1e300, -1e300, np.inf, -np.inf, np.nan, -1.0, 2.5, 63.0, 64.0)
EXACTLY = st.sampled_from((2, 3, 4, MOST_SPLITS + 1))


def _rows(dice: np.random.Generator, count: int) -> Any:
    """Counts, a real number, two words; a fifth of it is missing."""
    columns = [
        dice.integers(0, 9, count), dice.normal(0, 3, count), dice.integers(0, 70, count),
        dice.uniform(0, 30, count), dice.integers(0, 3, count),
    ]  # fmt: skip
    rows = np.column_stack(columns).astype(float)
    rows[dice.random(rows.shape) < 0.2] = np.nan
    return rows


def _grown(seed: int, leaves: int, **more: Any) -> Any:
    dice = np.random.default_rng(seed)
    rows = _rows(dice, 400)
    won = np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 2]) % 7 + dice.normal(0, 3, 400) > 6
    asked = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": 1}
    asked |= {"seed": seed, "min_data_per_group": 5, "feature_fraction": 0.5, **more}
    asked |= {"bagging_fraction": 0.7, "bagging_freq": 1, "min_data_in_leaf": 5}
    table = lightgbm.Dataset(rows, won, categorical_feature=WORDS)
    return lightgbm.Booster(model_str=lightgbm.train(asked, table, 15).model_to_string())


def _asked(seed: int) -> Any:
    """Rows as trained on, wild ones, and all that is odd in each column."""
    dice = np.random.default_rng(seed + 1)
    odd = np.array([[value] * 5 for value in ODD])
    mixed = dice.choice(np.array(ODD), (60, 5))
    return np.concatenate([_rows(dice, 60), dice.normal(0, 40, (60, 5)), odd, mixed])


def _tables(booster: Any) -> Tables:
    trees = read_forest(booster.model_to_string())
    assert trees is not None
    return Tables(trees)


def _wide(tables: Tables, states: Any) -> Any:
    told = np.zeros((len(states), 5))
    told[:, tables.columns] = tables.contributions(states)
    return told


@given(
    seed=st.integers(0, 10_000),
    leaves=EXACTLY,
    zero_as_missing=st.booleans(),
    use_missing=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_tables_say_what_lightgbm_says(seed, leaves, zero_as_missing, use_missing):
    """Two programs for one model: a split that went the other way would be another model."""
    booster = _grown(seed, leaves, zero_as_missing=zero_as_missing, use_missing=use_missing)
    tables, rows = _tables(booster), _asked(seed)

    states = tables.states(rows)

    exact = booster.predict(rows, pred_contrib=True)
    assert tables.exact
    assert tables.margins(states).tolist() == booster.predict(rows, raw_score=True).tolist()
    assert np.abs(_wide(tables, states) - exact[:, :-1]).max() < 1e-9
    assert abs(tables.base - exact[0, -1]) < 1e-9


def test_contributions_of_large_trees_sum_to_the_margin_too():
    """Saabas' way is no Shapley value, but it leaves nothing of the margin unexplained."""
    booster, rows = _grown(3, 15), _asked(3)
    tables = _tables(booster)

    states = booster.predict(rows, pred_leaf=True).astype(int)

    told = tables.contributions(states).sum(axis=1) + tables.base
    assert not tables.exact
    assert np.abs(told - tables.margins(states)).max() < 1e-9
    assert tables.margins(states).tolist() == booster.predict(rows, raw_score=True).tolist()


def test_the_strongest_of_large_trees_are_nearly_always_the_exact_ones():
    """Sellers read the first reasons: these may not be others than `full` tells."""
    agreeing = []
    for seed in range(8):
        booster = _grown(seed, 15)
        rows = _rows(np.random.default_rng(seed + 99), 100)
        tables = _tables(booster)
        near = _wide(tables, booster.predict(rows, pred_leaf=True).astype(int))
        exact = booster.predict(rows, pred_contrib=True)[:, :-1]
        agreeing.append(np.abs(near).argmax(axis=1) == np.abs(exact).argmax(axis=1))
    assert np.mean(agreeing) >= 0.85


def test_a_row_is_answered_alike_alone_and_among_others():
    """Requests that arrive together are scored together: nobody's score may depend on it."""
    tables, rows = _tables(_grown(5, 3)), _asked(5)
    together = tables.states(rows)
    for at in range(0, len(rows), 17):
        alone = tables.states(rows[at : at + 1])
        assert tables.margins(alone)[0] == tables.margins(together)[at]
        assert (tables.contributions(alone)[0] == tables.contributions(together)[at]).all()


@pytest.mark.parametrize("columns", [0, 1, 3, 2 * STRONGEST, 40])
def test_the_strongest_are_the_highest_and_then_the_lowest(columns):
    """Where there are few columns each is told once."""
    parts = np.random.default_rng(columns).normal(0, 1, (7, columns))
    names = [f"f{at}" for at in range(columns)]
    for row, told in zip(parts, strongest_of(parts, names), strict=True):
        high = sorted(((part, name) for part, name in zip(row, names, strict=True)), reverse=True)
        raising = [one for one in high if one[0] > 0][:STRONGEST]
        lowering = [one for one in reversed(high) if one[0] < 0][:STRONGEST]
        assert [(part, name) for name, part in told] == raising + lowering


def test_a_forest_of_another_kind_is_left_to_lightgbm():
    """An averaged forest is no sum: its tables would tell other margins."""
    assert read_forest("tree\naverage_output\n\nTree=0\nnum_leaves=1\nleaf_value=1\n") is None
