"""What rules read of many leads: features by column, and a few facts more of each lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from features.column import Coded, coded_of
from features.crowd import Side, side_of
from features.definitions import BY_FEATURE
from features.vector import FeatureVector
from features.windows import Value
from rules import Facts
from rules.facts import AS_OF

FEW = 8
"""Leads of whom dicts are made sooner than columns."""

Extra = Mapping[str, Value]


def facts_of(vectors: Sequence[FeatureVector], extra: Sequence[Extra]) -> Sequence[Facts]:
    """Each vector's values with its `extra` facts and the moment `as_of`, in order."""
    side = side_of([one.values for one in vectors]) if len(vectors) > FEW else None
    if side is not None:
        return FactTable(side, vectors, extra)
    told = zip(vectors, extra, strict=True)
    return [{**vector.values, **more, AS_OF: vector.as_of} for vector, more in told]


class FactTable(Sequence[Facts]):
    """Rules that look at a whole batch take its columns (`rules.language.batches`)."""

    def __init__(
        self, side: Side, vectors: Sequence[FeatureVector], extra: Sequence[Extra]
    ) -> None:
        self._side = side
        self._vectors = vectors
        self._extra = extra
        self._more = frozenset().union(*extra)

    def column(self, fact: str) -> list[Value]:
        if fact == AS_OF:
            return [one.as_of for one in self._vectors]
        if fact in self._more:
            return [one.get(fact) for one in self._extra]
        return self._side.column(fact)

    def coded(self, fact: str) -> Coded:
        """The same by code."""
        known = fact == AS_OF or fact in self._more
        return coded_of(self.column(fact)) if known else self._side.coded(fact)

    def numbers(self, fact: str) -> NDArray[np.float64] | None:
        """Of a feature that is no word, NaN where it is missing; None for any other fact."""
        feature = BY_FEATURE.get(fact)
        if feature is None or feature.is_word or fact in self._more or self._side.has_own:
            return None
        return self._side.numbers(fact)

    @overload
    def __getitem__(self, at: int) -> Facts: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Facts]: ...
    def __getitem__(self, at: int | slice) -> Facts | Sequence[Facts]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return LeadFacts(self._vectors[at], self._extra[at])

    def __iter__(self) -> Iterator[Facts]:
        return map(LeadFacts, self._vectors, self._extra)

    def __len__(self) -> int:
        return len(self._vectors)


class LeadFacts(Mapping[str, Value]):
    """One lead's, looked up where they stand."""

    __slots__ = ("_extra", "_vector")

    def __init__(self, vector: FeatureVector, extra: Extra) -> None:
        self._vector = vector
        self._extra = extra

    def __getitem__(self, fact: str) -> Value:
        if fact == AS_OF:
            return self._vector.as_of
        return self._extra[fact] if fact in self._extra else self._vector.values[fact]

    def get(self, fact: str, default: Any = None) -> Any:
        if fact == AS_OF:
            return self._vector.as_of
        if fact in self._extra:
            return self._extra[fact]
        return self._vector.values.get(fact, default)

    def __iter__(self) -> Iterator[str]:
        yield from {**dict.fromkeys(self._vector.values), **self._extra, AS_OF: None}

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True  # without counting them
