"""Feature vectors → the float64 matrix that the trees read. The same for fitting and serving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from features.vector import FeatureVector
from features.windows import Value
from scoring.card import Input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


class Encoder:
    """Rows in the order of `inputs`. A missing value or a word never seen in training is NaN.

    Columns of a CRM may be missing altogether: a visitor is no lead of the CRM yet.
    """

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._names = tuple(one.name for one in inputs)
        self._custom = {at: one.name for at, one in enumerate(inputs) if one.is_custom}
        self._codes = [
            (column, {word: code for code, word in enumerate(one.words)})
            for column, one in enumerate(inputs)
            if one.words is not None
        ]
        self._worded = {column for column, _ in self._codes}
        self._read = _getter(self._names)

    def encode(self, vectors: Sequence[FeatureVector]) -> Matrix:
        """len(vectors) × len(inputs), C order. KeyError if a vector lacks a feature of ours."""
        import numpy as np

        rows = []
        for vector in vectors:
            values = vector.values
            row = list(self._read(values)) if not self._custom else self._row(values)
            for column, codes in self._codes:
                row[column] = codes.get(row[column])  # type: ignore[arg-type]  # None is no word
            rows.append(row)
        # None becomes NaN
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self._names))

    def _row(self, values: dict[str, Value]) -> list[Value]:
        row = [
            values.get(name) if at in self._custom else values[name]
            for at, name in enumerate(self._names)
        ]
        for at in self._custom.keys() - self._worded:
            # Its kind may have been declared anew since: a word is no number.
            row[at] = None if isinstance(row[at], str) else row[at]
        return row


def _getter(names: Sequence[str]) -> Callable[[dict[str, Value]], Sequence[Value]]:
    """`itemgetter`, also of no names or a single one."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]
