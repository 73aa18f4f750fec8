"""The values of one feature, of many entities: an array for who counts, a list for who reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.windows import Value


class Column:
    """Made of an array of whole numbers, of one of floats in which NaN is missing, or of a list.
    The list of an array is made when somebody asks for it: of most features nobody does.
    """

    __slots__ = ("_told", "_values")

    def __init__(self, told: NDArray[Any] | list[Value]) -> None:
        self._told = told
        self._values = told if isinstance(told, list) else None

    @property
    def values(self) -> list[Value]:
        """Missing is None. Not to be changed."""
        if self._values is None:
            self._values = _plain(np.asarray(self._told))
        return self._values

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Missing is NaN. ValueError where the values are words."""
        return np.asarray(self._told, np.float64)


def _plain(told: NDArray[Any]) -> list[Value]:
    missing = np.isnan(told)
    if missing.any():
        told = told.astype(object)
        told[missing] = None
    values: list[Value] = told.tolist()
    return values
