"""The values of one feature, of many entities: an array for who counts, a list for who reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.windows import Value


class Coded(NamedTuple):
    """Values by which of the different ones each is: what is asked of a value is asked once."""

    distinct: list[Value]
    """None is missing."""
    codes: NDArray[np.int64]


class Column:
    """Made of an array of whole numbers, of one of floats in which NaN is missing, or of a list.
    The list of an array is made when somebody asks for it: of most features nobody does.
    """

    __slots__ = ("_coded", "_told", "_values")

    def __init__(self, told: NDArray[Any] | list[Value]) -> None:
        self._told = told
        self._values = told if isinstance(told, list) else None
        self._coded: Coded | None = None

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

    @property
    def coded(self) -> Coded:
        """Not to be changed."""
        if self._coded is None:
            self._coded = coded_of(self.values)
        return self._coded


def coded_of(values: Sequence[Value]) -> Coded:
    """TypeError for a value that cannot be looked up, such as a list."""
    code = {value: at for at, value in enumerate(dict.fromkeys(values))}
    codes = np.fromiter(map(code.__getitem__, values), np.int64, len(values))
    return Coded(list(code), codes)


def _plain(told: NDArray[Any]) -> list[Value]:
    missing = np.isnan(told)
    if missing.any():
        told = told.astype(object)
        told[missing] = None
    values: list[Value] = told.tolist()
    return values
