"""Feature vectors → the float64 matrix that the trees read. The same for fitting and serving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from features.crowd import Side, side_of
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

    def __init__(self, inputs: Sequence[Input], read: Sequence[int] | None = None) -> None:
        """Without columns that are not among those `read` the rows stay as wide, and NaN there."""
        self._width = len(inputs)
        self._read = list(range(len(inputs)) if read is None else read)
        wanted = [inputs[at] for at in self._read]
        self._names = tuple(one.name for one in wanted)
        self._custom = {at: one.name for at, one in enumerate(wanted) if one.is_custom}
        self._codes = [
            (column, {word: code for code, word in enumerate(one.words)})
            for column, one in enumerate(wanted)
            if one.words is not None
        ]
        self._worded = {column for column, _ in self._codes}
        self._values = _getter(self._names)

    def encode(self, vectors: Sequence[FeatureVector]) -> Matrix:
        """len(vectors) × len(inputs), C order. KeyError if a vector lacks a feature of ours."""
        import numpy as np

        side = None if self._custom else side_of([one.values for one in vectors])
        told = self._rows(vectors) if side is None else self._columns(side)
        if len(self._read) == self._width:
            return np.ascontiguousarray(told)
        matrix = np.full((len(vectors), self._width), np.nan)
        matrix[:, self._read] = told
        return matrix

    def _columns(self, side: Side) -> Matrix:
        """Of many leads at once."""
        import numpy as np

        told = np.empty((len(self._names), len(side)))
        for at, name in enumerate(self._names):
            if at not in self._worded:
                told[at] = side.numbers(name)
        for at, codes in self._codes:
            distinct, which = side.coded(self._names[at])
            of_each = [codes.get(one, np.nan) for one in distinct]  # type: ignore[arg-type]
            told[at] = np.array(of_each, np.float64)[which]
        return told.T

    def _rows(self, vectors: Sequence[FeatureVector]) -> Matrix:
        import numpy as np

        rows = []
        for vector in vectors:
            values = vector.values
            row = list(self._values(values)) if not self._custom else self._row(values)
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
