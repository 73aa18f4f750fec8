"""What of many entities is no number: their words, and what is said of their active people.

What `features.told` reads of one entity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.blob import NO_TEXT, BlobError, read_texts, texts_of
from features.definitions import HIGH_RANK
from features.packed import Ints, Items
from features.windows import Value

_ROLE, _SENIORITY = 6, 8
"""Where these stand in an item of people."""


class Texts:
    """`words` and `people` are the items of these sections, `parts` the texts of each row.

    BlobError when these are none, or too few for what is said with them.
    """

    def __init__(self, words: Items, people: Items, parts: Sequence[bytes]) -> None:
        told = texts_of(parts)
        self._size = len(parts)
        self._count = np.fromiter(map(len, told), np.int64, len(told))
        self._begin = np.cumsum(self._count) - self._count
        self._texts = np.array([text for some in told for text in some], object)
        own = np.bincount(words.row, minlength=len(told))
        for row in np.flatnonzero(own > self._count):
            read_texts(parts[int(row)], bytes(2 * int(own[row])))
        # The words come first among the texts of their row.
        first = (self._begin - (np.cumsum(own) - own))[words.row]
        self._attribute, self._row = words.byte(0), words.row
        self._word = self._texts[first + np.arange(len(first))]
        self.seniors: NDArray[np.bool_] = _in(HIGH_RANK, self._said(people, _SENIORITY))
        """Of each item of people: whether of high rank …"""
        self.roles: Ints = _numbered(self._said(people, _ROLE))
        """… and its role as a number, 0 where there is none: the same one for the same role."""

    def words(self, attribute: int) -> list[Value]:
        """One a row; None where nothing was said. Of words for the same the last stands."""
        at = np.flatnonzero(self._attribute == attribute)
        told = np.full(self._size, None, object)
        told[self._row[at]] = self._word[at]
        words: list[Value] = told.tolist()
        return words

    def _said(self, people: Items, offset: int) -> list[str | None]:
        """Of each item, which of its row's texts stands there."""
        at = people.number(offset, "<u2")
        known = at != NO_TEXT
        if np.any(known & (at >= self._count[people.row])):
            raise BlobError("these tiles say of people what their texts do not hold")
        told = np.full(len(at), None, object)
        told[known] = self._texts[self._begin[people.row[known]] + at[known]]
        said: list[str | None] = told.tolist()
        return said


def _in(some: frozenset[str], said: Sequence[str | None]) -> NDArray[np.bool_]:
    return np.fromiter((one in some for one in said), np.bool_, len(said))


def _numbered(said: Sequence[str | None]) -> Ints:
    numbers: dict[str, int] = {}
    return np.fromiter(
        (numbers.setdefault(one, len(numbers) + 1) if one else 0 for one in said),
        np.int64,
        len(said),
    )
