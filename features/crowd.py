"""The values of many leads by column: what reads them all at once needs no dict of each lead.

A lead's own values are a view of its place in the columns, so that whoever wants one lead's, such
as a reason's words, looks up what is wanted and nothing else is made.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.column import Coded, coded_of
from features.columns import Columns, Table
from features.definitions import FEATURES, Entity
from features.windows import OF, Value

_PLACE: dict[str, tuple[bool, int]] = {
    feature.name: (entity is Entity.ACCOUNT, place)
    for entity in Entity
    for place, feature in enumerate(OF[entity])
}
"""Feature → whether it is an account's, and its column."""


class Crowd:
    """Leads, and which of the accounts is theirs."""

    __slots__ = ("_account_at", "_accounts", "_leads", "_of")

    def __init__(self, table: Table, account_of: Sequence[int]) -> None:
        self._leads: Columns = table.leads
        self._accounts: Columns = table.accounts
        self._of = account_of
        self._account_at = np.array(account_of, np.int64)

    def value(self, name: str, at: int) -> Value:
        """KeyError for what is no feature."""
        of_account, place = _PLACE[name]
        if of_account:
            return self._accounts[place].values[self._of[at]]
        return self._leads[place].values[at]

    def column(self, name: str) -> list[Value]:
        """One value a lead, in order; not to be changed."""
        of_account, place = _PLACE[name]
        if not of_account:
            return self._leads[place].values
        told = self._accounts[place].values
        return [told[at] for at in self._of]

    def coded(self, name: str) -> Coded:
        """The same by code. An account's words are looked at once, however many leads it has."""
        of_account, place = _PLACE[name]
        if not of_account:
            return self._leads[place].coded
        distinct, codes = self._accounts[place].coded
        return Coded(distinct, codes[self._account_at])

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The same of a feature that is no word, NaN where it is missing."""
        of_account, place = _PLACE[name]
        if of_account:
            return self._accounts[place].numbers[self._account_at]
        return self._leads[place].numbers

    def __len__(self) -> int:
        return len(self._of)


class Row(MutableMapping[str, Value]):
    """One lead's values, as a dict would tell them. What is put in is kept apart."""

    __slots__ = ("at", "crowd", "own")

    def __init__(self, crowd: Crowd, at: int) -> None:
        self.crowd = crowd
        self.at = at
        self.own: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name in self.own:
            return self.own[name]
        return self.crowd.value(name, self.at)

    def get(self, name: str, default: Any = None) -> Any:
        if self.own and name in self.own:
            return self.own[name]
        return self.crowd.value(name, self.at) if name in _PLACE else default

    def __contains__(self, name: object) -> bool:
        return name in _PLACE or name in self.own

    def __setitem__(self, name: str, value: Value) -> None:
        self.own[name] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError("the values of a vector are all there")

    def __iter__(self) -> Iterator[str]:
        yield from (feature.name for feature in FEATURES)
        yield from (name for name in self.own if name not in _PLACE)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True  # without counting them


class Side:
    """The columns of some rows of one crowd, in their order."""

    def __init__(self, crowd: Crowd, rows: Sequence[Row]) -> None:
        self._crowd = crowd
        self._rows = rows
        places = [row.at for row in rows]
        self._places = None if places == list(range(len(crowd))) else places
        self.has_own = any(row.own for row in rows)
        """Whether something was put in beside the columns."""

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> list[Value]:
        """One value a row; None where nothing of that name is known."""
        if self.has_own or name not in _PLACE:
            return [row.get(name) for row in self._rows]
        told = self._crowd.column(name)
        return told if self._places is None else [told[at] for at in self._places]

    def coded(self, name: str) -> Coded:
        """The same by code."""
        if self.has_own or name not in _PLACE:
            return coded_of(self.column(name))
        distinct, codes = self._crowd.coded(name)
        return Coded(distinct, codes if self._places is None else codes[self._places])

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The same of what is no word, NaN where it is missing or unknown."""
        if self.has_own or name not in _PLACE:
            return np.array(self.column(name), np.float64)
        told = self._crowd.numbers(name)
        return told if self._places is None else told[self._places]


def side_of(values: Sequence[Any]) -> Side | None:
    """None unless these are rows of one crowd."""
    first = values[0] if values else None
    if not isinstance(first, Row):
        return None
    crowd = first.crowd
    if all(isinstance(one, Row) and one.crowd is crowd for one in values):
        return Side(crowd, values)
    return None
