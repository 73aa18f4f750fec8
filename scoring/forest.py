"""LightGBM's trees as arrays: which way every split goes, for one row or a thousand.

LightGBM's own `predict` takes 50 µs before it looks at the first row. What is decided here is what
`Tree::NumericalDecision` and `Tree::CategoricalDecision` of LightGBM 4 decide.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NO_MISSING, _ZERO_MISSING, _NAN_MISSING = range(3)
_ZERO = 1e-35
"""LightGBM takes anything nearer to zero for zero."""
_WORD = 32
"""Bits of one word of a set of categories."""


class Tree(NamedTuple):
    """One tree. A child from 0 on is a split, below it a leaf: -1 is leaf 0."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    """Of a categorical split: which of `sets` goes left."""
    decision: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    reached: tuple[float, ...]
    """Rows of the training that came to each split …"""
    leaf_reached: tuple[float, ...]
    """… and to each leaf."""
    leaf: tuple[float, ...]
    """Log-odds."""
    sets: tuple[frozenset[int], ...]


def read_forest(text: str) -> list[Tree] | None:
    """The trees of a model in LightGBM's text form; None for kinds that we do not train: averaged
    ones, and those with a line in each leaf.
    """
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    told = [_fields(block) for block in blocks]
    if "\naverage_output" in head or any(one.get("is_linear", "0") != "0" for one in told):
        return None
    return [_tree(one) for one in told]


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _tree(told: dict[str, str]) -> Tree:
    def whole(name: str) -> tuple[int, ...]:
        return tuple(map(int, told.get(name, "").split()))

    def real(name: str) -> tuple[float, ...]:
        return tuple(map(float, told.get(name, "").split()))

    return Tree(
        whole("split_feature"),
        real("threshold"),
        whole("decision_type"),
        whole("left_child"),
        whole("right_child"),
        real("internal_count"),
        real("leaf_count"),
        real("leaf_value"),
        _sets(whole("cat_boundaries"), whole("cat_threshold")),
    )


def _sets(bounds: tuple[int, ...], words: tuple[int, ...]) -> tuple[frozenset[int], ...]:
    return tuple(
        frozenset(
            _WORD * at + bit
            for at, word in enumerate(words[begin:end])
            for bit in range(_WORD)
            if word >> bit & 1
        )
        for begin, end in pairwise(bounds)
    )


class Splits:
    """All splits of some trees, side by side in the trees' order."""

    def __init__(self, trees: list[Tree]) -> None:
        import numpy as np

        self._feature = np.array([one for tree in trees for one in tree.feature], np.int64)
        decision = np.array([one for tree in trees for one in tree.decision], np.int64)
        threshold = np.array([one for tree in trees for one in tree.threshold])
        missing, default = decision >> 2 & 3, (decision & _DEFAULT_LEFT) > 0
        self._threshold = threshold
        # Where missing is not expected, LightGBM takes it for zero.
        as_zero = np.where(missing == _ZERO_MISSING, default, threshold >= 0)
        self._missing = np.where(missing == _NAN_MISSING, default, as_zero)
        self._zero = np.flatnonzero((missing == _ZERO_MISSING) & (decision & _CATEGORICAL == 0))
        self._zero_left = default[self._zero]
        self._worded = np.flatnonzero(decision & _CATEGORICAL)
        self._codes, self._is_in = _table_of(trees)

    def left(self, matrix: Floats) -> Flags:
        """Rows × splits: whether each goes left."""
        import numpy as np

        values = matrix.take(self._feature, axis=1)
        left: Flags = values <= self._threshold
        unknown = np.isnan(values)
        np.copyto(left, self._missing, where=unknown)
        if len(self._zero):
            is_zero = np.abs(values[:, self._zero]) <= _ZERO
            left[:, self._zero] = np.where(is_zero, self._zero_left, left[:, self._zero])
        if len(self._worded):
            left[:, self._worded] = self._in_sets(values[:, self._worded])
        return left

    def _in_sets(self, values: Floats) -> Flags:
        import numpy as np

        codes = np.where((values > -1) & (values < self._codes), values, self._codes)
        found: Flags = self._is_in[np.arange(values.shape[1]), codes.astype(np.int64)]
        return found


def _table_of(trees: list[Tree]) -> tuple[int, Any]:
    """How many codes the sets know at most, and categorical splits × codes: whether it goes left.
    The code after the last one stands for all others, which go right.
    """
    import numpy as np

    sets = [
        tree.sets[int(threshold)]
        for tree in trees
        for threshold, decision in zip(tree.threshold, tree.decision, strict=True)
        if decision & _CATEGORICAL
    ]
    codes = max((max(one, default=-1) + 1 for one in sets), default=0)
    is_in = np.zeros((len(sets), codes + 1), np.bool_)
    for at, one in enumerate(sets):
        is_in[at, sorted(one)] = True
    return codes, is_in
