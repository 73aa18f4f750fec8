"""Lead and account together at one moment: what rules and models read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from features.columns import Columns, Table, table_of
from features.crowd import Crowd, Row
from features.definitions import FEATURES, Entity, Kind
from features.measures import DEALS, DISTINCTS
from features.single import row_of
from features.windows import Value

FEW = 6
"""Leads up to which one by one is faster than all at once."""
PIECE = 2_000
"""Leads that are taken at once: arrays of more of them gain nothing and take room."""
NAMES = tuple(feature.name for feature in FEATURES)
_PREFIX = {Entity.LEAD: "", Entity.ACCOUNT: "account_"}
_COUNTED = {
    entity: tuple(
        (distinct.number, prefix + distinct.name)
        for distinct in (*DISTINCTS, DEALS)
        if any(
            one.entity is entity
            and (
                one.kind is Kind.DEAL
                if distinct is DEALS
                else (one.kind, one.of) == (Kind.DISTINCT, distinct.name)
            )
            for one in FEATURES
        )
    )
    for entity, prefix in _PREFIX.items()
}
"""Number and name of what features of an entity count and of which no more than a cap is kept."""


class FeatureVector(msgspec.Struct, frozen=True):
    """All features of a lead and its account, in the order of `definitions.FEATURES`."""

    lead_id: str
    account_id: str | None
    as_of: int
    values: dict[str, Value]
    capped: tuple[str, ...] = ()
    """Distincts, and deals, whose cap was reached, an account's with `account_` before them: what
    `values` count of them are lower bounds.
    """


class Stored(NamedTuple):
    """What a store holds of a lead and of its account: their tiles as bytes, None or empty where
    there are none. They count as empty: zero counts, missing times and words.
    """

    lead_id: str
    account_id: str | None
    lead: bytes | None
    account: bytes | None
    as_of: int
    """Microseconds, UTC."""


def vectors(stored: Sequence[Stored]) -> list[FeatureVector]:
    """One of each, in order. An account that several leads share is read once.

    BlobError when bytes are no tiles.
    """
    if len(stored) <= FEW:
        return [_one(one) for one in stored]
    pieces = (stored[at : at + PIECE] for at in range(0, len(stored), PIECE))
    return [made for piece in pieces for made in _many(piece)]


def _one(one: Stored) -> FeatureVector:
    lead = row_of(one.lead, one.as_of, Entity.LEAD)
    account = row_of(one.account, one.as_of, Entity.ACCOUNT)
    return _vector(one, (*lead.values, *account.values), lead.capped, account.capped)


def crowded(stored: Sequence[Stored]) -> list[FeatureVector]:
    """The same as `vectors`, for who reads by column (`features.crowd`): the values of many leads
    are views of the columns.
    """
    if len(stored) <= FEW:
        return [_one(one) for one in stored]
    pieces = (stored[at : at + PIECE] for at in range(0, len(stored), PIECE))
    return [made for piece in pieces for made in _crowd(piece)]


def _crowd(stored: Sequence[Stored]) -> list[FeatureVector]:
    accounts = {key: at for at, key in enumerate(dict.fromkeys(map(_account_of, stored)))}
    table = _table(stored, accounts)
    of = [accounts[_account_of(one)] for one in stored]
    crowd, size = Crowd(table, of), len(stored)
    return [
        FeatureVector(
            one.lead_id,
            one.account_id,
            one.as_of,
            Row(crowd, at),  # type: ignore[arg-type]  # tells what a dict would
            _capped(table.capped[at], table.capped[size + account]),
        )
        for at, (one, account) in enumerate(zip(stored, of, strict=True))
    ]


def _account_of(one: Stored) -> tuple[bytes | None, int]:
    return one.account, one.as_of


def _table(stored: Sequence[Stored], accounts: Iterable[tuple[bytes | None, int]]) -> Table:
    told = list(accounts)
    return table_of(
        [*(one.lead for one in stored), *(blob for blob, _ in told)],
        [*(one.as_of for one in stored), *(as_of for _, as_of in told)],
        leads=len(stored),
    )


def _many(stored: Sequence[Stored]) -> list[FeatureVector]:
    accounts = dict.fromkeys(map(_account_of, stored))
    table = _table(stored, accounts)
    told = zip(_rows(table.accounts), table.capped[len(stored) :], strict=True)
    account = dict(zip(accounts, told, strict=True))
    leads = zip(stored, _rows(table.leads), table.capped, strict=False)
    made = []
    for one, values, capped in leads:
        more, account_capped = account[one.account, one.as_of]
        made.append(_vector(one, values + more, capped, account_capped))
    return made


def _rows(columns: Columns) -> Iterator[tuple[Value, ...]]:
    return zip(*(one.values for one in columns), strict=True)


def _vector(one: Stored, values: tuple[Value, ...], lead: int, account: int) -> FeatureVector:
    capped = _capped(lead, account)
    told = dict(zip(NAMES, values, strict=True))
    return FeatureVector(one.lead_id, one.account_id, one.as_of, told, capped)


def vector(
    lead_id: str, account_id: str | None, lead: bytes | None, account: bytes | None, as_of: int
) -> FeatureVector:
    """Of one lead: see `Stored`."""
    return vectors([Stored(lead_id, account_id, lead, account, as_of)])[0]


def _capped(lead: int, account: int) -> tuple[str, ...]:
    if not (lead or account):
        return ()
    both = ((lead, _COUNTED[Entity.LEAD]), (account, _COUNTED[Entity.ACCOUNT]))
    return tuple(name for bits, counted in both for number, name in counted if bits >> number & 1)
