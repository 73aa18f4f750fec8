"""Exact contributions by table: worked out once for each tree, looked up for each lead.

What the features of a small tree contribute depends only on which way its splits go, and three
splits go eight ways. So the Shapley values of all of them (Lundberg et al. 2018, path-dependent:
LightGBM's `pred_contrib`, at 1/10 of its cost) are worked out when a model is loaded.

A tree with many splits goes too many ways. Its table has a row for each leaf, and the change of the
expected value from split to split on the way to it goes to that split's feature (Saabas 2014): the
sum is the margin as well, and the order of the strongest is nearly always the same.
"""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring.forest import Splits, Tree

if TYPE_CHECKING:
    from scoring.forest import Floats, Ints

MOST_SPLITS = 6
"""Of one tree that is tabulated exactly: 64 ways."""


class Table(NamedTuple):
    """Of one tree: its value in each state, and what each of its features contributes there."""

    values: Floats
    parts: dict[int, Floats]
    """Column of the matrix → states."""
    base: float
    """Expected value over the rows of the training, as LightGBM counts them."""


class Tables:
    """A forest by table. `exact` says which: states are ways of the splits, else leaves."""

    def __init__(self, trees: list[Tree]) -> None:
        import numpy as np

        self.exact = max((len(tree.feature) for tree in trees), default=0) <= MOST_SPLITS
        made = [by_ways(tree) if self.exact else by_leaf(tree) for tree in trees]
        self.base = float(sum(one.base for one in made))
        self._splits = Splits(trees)
        self._places = _places([len(tree.feature) for tree in trees])
        self._values = np.concatenate([one.values for one in made])
        self._begin = _begins([len(one.values) for one in made])
        slots = sorted((column, at) for at, one in enumerate(made) for column in one.parts)
        self._tree = np.array([at for _, at in slots], np.int64)
        told = [made[at].parts[column] for column, at in slots]
        self._parts = np.concatenate([*told, np.zeros(0)])
        self._part_begin = _begins([len(one) for one in told])
        columns = [column for column, _ in slots]
        self.columns = sorted(set(columns))
        """Those of the matrix that some tree reads, ascending: nothing else contributes."""
        self._first = np.array([columns.index(one) for one in self.columns], np.int64)

    def states(self, matrix: Floats) -> Ints:
        """Rows × trees, for exact tables."""
        import numpy as np

        left = self._splits.left(matrix)
        left = np.append(left, np.zeros((len(left), 1), np.bool_), axis=1)
        ways: Ints = np.zeros((len(left), len(self._begin)), np.int64)
        for split, places in enumerate(self._places.T):
            ways += left.take(places, axis=1).astype(np.int64) << split
        return ways

    def margins(self, states: Ints) -> Floats:
        """One a row: the trees are added in their order, as LightGBM does, to the last bit."""
        import numpy as np

        told = self._values.take(self._begin + states)
        margins: Floats = np.cumsum(told, axis=1)[:, -1]
        return margins

    def contributions(self, states: Ints) -> Floats:
        """Rows × `columns`."""
        import numpy as np

        if not self.columns:
            return np.zeros((len(states), 0))
        places = states.take(self._tree, axis=1)
        places += self._part_begin
        told = self._parts.take(places)
        parts: Floats = np.add.reduceat(told, self._first, axis=1)
        return parts


def _begins(lengths: list[int]) -> Ints:
    import numpy as np

    ends: Ints = np.cumsum([0, *lengths])
    return ends[:-1]


def _places(splits: list[int]) -> Ints:
    """Trees × most splits of one: the places of each tree's splits, the last one where it has
    fewer: there stands a split that goes nowhere.
    """
    import numpy as np

    nowhere = sum(splits)
    places = np.full((len(splits), max(splits, default=0)), nowhere)
    for at, (begin, count) in enumerate(zip(_begins(splits).tolist(), splits, strict=True)):
        places[at, :count] = range(begin, begin + count)
    return places


def by_ways(tree: Tree) -> Table:
    """States are bit sets of the splits that go left."""
    import numpy as np

    columns = sorted(set(tree.feature))
    ways = np.arange(1 << len(tree.feature))[:, None]
    known = np.arange(1 << len(columns))[None, :]

    def worth(node: int) -> Any:
        """Ways × sets of known features: the mean where the split's own feature is unknown."""
        if node < 0:
            return np.full((len(ways), known.shape[1]), tree.leaf[~node])
        left, right = tree.left[node], tree.right[node]
        here, there, share = worth(left), worth(right), _count(tree, left) / tree.reached[node]
        mean = share * here + (1 - share) * there
        is_known = known >> columns.index(tree.feature[node]) & 1
        return np.where(is_known, np.where(ways >> node & 1, here, there), mean)

    told = worth(0 if tree.feature else -1)
    shares = told @ _shares(len(columns))
    parts = {column: shares[:, at] for at, column in enumerate(columns)}
    return Table(told[:, -1].copy(), parts, float(told[0, 0]))


@cache
def _shares(features: int) -> Any:
    """Sets × features: with which weight a Shapley value takes the worth of each set."""
    import numpy as np

    shares = np.zeros((1 << features, features))
    for known in range(1 << features):
        size = known.bit_count()
        for feature in range(features):
            without = size - (known >> feature & 1)
            weight = factorial(without) * factorial(features - without - 1) / factorial(features)
            shares[known, feature] = weight if known >> feature & 1 else -weight
    return shares


def by_leaf(tree: Tree) -> Table:
    """States are leaves."""
    import numpy as np

    parts = {column: np.zeros(len(tree.leaf)) for column in sorted(set(tree.feature))}

    def walk(node: int, way: list[tuple[int, float]]) -> float:
        """The expected value at a node; `way` are the features asked so far, and what was expected
        before each.
        """
        if node < 0:
            after = tree.leaf[~node]
            for feature, before in reversed(way):
                parts[feature][~node] += after - before
                after = before
            return after
        mean = _expected(tree, node)
        for child in (tree.left[node], tree.right[node]):
            walk(child, [*way, (tree.feature[node], mean)])
        return mean

    base = walk(0 if tree.feature else -1, [])
    return Table(np.array(tree.leaf), parts, base)


def _expected(tree: Tree, node: int) -> float:
    if node < 0:
        return tree.leaf[~node]
    left, right = tree.left[node], tree.right[node]
    share = _count(tree, left) / tree.reached[node]
    return share * _expected(tree, left) + (1 - share) * _expected(tree, right)


def _count(tree: Tree, node: int) -> float:
    return tree.leaf_reached[~node] if node < 0 else tree.reached[node]
