"""The features of many entities at once, as arrays: what `features.single` makes one by one.

A value never depends on who else is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR
from features import windows
from features.column import Column
from features.definitions import TREND_DAYS, Entity, Feature, Kind
from features.measures import ATTRIBUTES, BY_NAME, SESSIONS
from features.packed import Ints
from features.sheet import Seen, Sheet
from features.sums import COLUMN, Sums, window_sums
from features.texts import Texts
from features.windows import LENGTHS, OF, Value, moment_code

Columns = list[Column]
"""One a feature, of a value an entity."""


class View(NamedTuple):
    """Entities at their moments, with what several features share."""

    as_of: Ints
    sums: Sums
    moments: Ints
    """`_MOMENTS` × rows, -1 where there is none."""
    sessions: Seen
    active: Seen
    deals: dict[str, NDArray[Any]]
    texts: Texts


class Table(NamedTuple):
    """Of leads and of accounts, features in the order of `definitions.FEATURES`. `capped` are the
    bit sets of all rows (see `Tiles.capped`), leads first.
    """

    leads: Columns
    accounts: Columns
    capped: list[int]


Reader = Callable[[View, slice], Columns]
"""The values of features of one kind, of some of the rows."""


def table_of(blobs: Sequence[bytes | None], as_of: Sequence[int], leads: int) -> Table:
    """The first `leads` blobs are those of leads, the others of accounts; None or no bytes are an
    entity of which nothing is known. `as_of` gives each its moment, which is not before its tiles
    were known: then nothing in them lies after it. BlobError when bytes are no tiles.
    """
    sheet, moments = Sheet(blobs), np.array(as_of, np.int64)
    view = View(
        moments,
        window_sums(sheet, moments),
        sheet.moments(_MOMENT_AT, len(_MOMENTS)),
        sheet.sessions(),
        sheet.active(),
        _deal_values(sheet, moments),
        sheet.texts,
    )
    return Table(
        _read(view, Entity.LEAD, slice(0, leads)),
        _read(view, Entity.ACCOUNT, slice(leads, None)),
        sheet.capped,
    )


def columns_of(entity: Entity, told: Sequence[tuple[int, bytes]]) -> dict[str, list[Value]]:
    """(moment, tiles) of entities of one kind → the values of each feature, in order."""
    table = table_of(
        [blob for _, blob in told],
        [moment for moment, _ in told],
        len(told) * (entity is Entity.LEAD),
    )
    values = table.leads if entity is Entity.LEAD else table.accounts
    return {one.name: column.values for one, column in zip(OF[entity], values, strict=True)}


def _read(view: View, entity: Entity, rows: slice) -> Columns:
    found: dict[str, Column] = {}
    for names, read in _READERS[entity]:
        found.update(zip(names, read(view, rows), strict=True))
    return [found[one.name] for one in OF[entity]]


def _count(features: Sequence[Feature]) -> Reader:
    window = [LENGTHS.at(one.days) for one in features]
    column = [_column(one.of) for one in features]

    def read(view: View, rows: slice) -> Columns:
        return list(map(Column, view.sums.amounts[column, window, rows]))

    return read


def _distinct(features: Sequence[Feature]) -> Reader:
    def read(view: View, rows: slice) -> Columns:
        return [Column(_seen(view, one)[rows]) for one in features]

    return read


def _seen(view: View, feature: Feature) -> Ints:
    seen = view.sessions if feature.of == SESSIONS.name else view.active
    start = windows.window_start(view.as_of, feature.days) // HOUR
    return np.bincount(seen.row[seen.hour >= start[seen.row]], minlength=len(view.as_of))


def _elapsed(features: Sequence[Feature]) -> Reader:
    column = [_MOMENTS.index(moment_code(one)) for one in features]

    def read(view: View, rows: slice) -> Columns:
        moments = view.moments[column, rows]
        return _missing((view.as_of[rows] - moments) / DAY, moments < 0)

    return read


def _missing(values: NDArray[np.float64], where: NDArray[np.bool_]) -> Columns:
    return list(map(Column, np.where(where, np.nan, values)))


def _ratio(features: Sequence[Feature]) -> Reader:
    window = [LENGTHS.at(one.days) for one in features]
    above, below = [_column(one.of) for one in features], [_column(one.over) for one in features]

    def read(view: View, rows: slice) -> Columns:
        whole = view.sums.amounts[below, window, rows]
        none = whole == 0
        return _missing(view.sums.amounts[above, window, rows] / (whole + none), none)

    return read


def _trend(features: Sequence[Feature]) -> Reader:
    """One is steady, above it grows; the added ones keep single events from looking like a rush."""
    column = [_column(one.of) for one in features]
    week, with_before = (LENGTHS.at(days) for days in TREND_DAYS)

    def read(view: View, rows: slice) -> Columns:
        now = view.sums.amounts[column, week, rows]
        before = view.sums.amounts[column, with_before, rows] - now
        return list(map(Column, (now + 1) / (before / 4 + 1)))

    return read


def _decay(features: Sequence[Feature]) -> Reader:
    worth = [
        (BY_NAME[one.of].number, np.array(windows.weights(one.days))[:, None]) for one in features
    ]

    def read(view: View, rows: slice) -> Columns:
        return [
            Column(_sum_of_days(view.sums.by_age[number][:, rows] * weights))
            for number, weights in worth
        ]

    return read


def _sum_of_days(told: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days × rows → one a row, added one day after the other, as for one entity.

    numpy adds in pairs along the axis that lies together in memory: with one row more than there
    are that is never the axis of the days.
    """
    days, rows = told.shape
    wide = np.zeros((days, rows + 1))
    wide[:, :rows] = told
    total: NDArray[np.float64] = wide.sum(axis=0)[:rows]
    return total


def _roles(features: Sequence[Feature]) -> Reader:
    def read(view: View, rows: slice) -> Columns:
        return [Column(_role_counts(view, one)[rows]) for one in features]

    return read


def _role_counts(view: View, feature: Feature) -> Ints:
    """What `windows.role_count` says of one entity."""
    start = windows.window_start(view.as_of, feature.days) // HOUR
    active = view.active.hour >= start[view.active.row]
    if feature.of == "roles":
        some = active & (view.texts.roles > 0)
        roles = view.texts.roles.max(initial=0) + 1
        told = np.unique(view.active.row[some] * roles + view.texts.roles[some]) // roles
    else:
        told = view.active.row[active & view.texts.seniors]
    return np.bincount(told, minlength=len(view.as_of))


def _word(features: Sequence[Feature]) -> Reader:
    numbers = [ATTRIBUTES.index(one.of) for one in features]

    def read(view: View, rows: slice) -> Columns:
        return [Column(view.texts.words(number)[rows]) for number in numbers]

    return read


def _deal(features: Sequence[Feature]) -> Reader:
    def read(view: View, rows: slice) -> Columns:
        return [Column(view.deals[one.of][rows]) for one in features]

    return read


def _deal_values(sheet: Sheet, as_of: Ints) -> dict[str, NDArray[Any]]:
    """What `windows.deal_values` says of one entity, of all rows."""
    deals = sheet.deals()
    moment = as_of[deals.row]
    closed = (deals.closed_at >= 0) & (deals.closed_at <= moment)
    open_ = np.flatnonzero((deals.opened_at >= 0) & (deals.opened_at <= moment) & ~closed)
    row, opened_at, value = deals.row[open_], deals.opened_at[open_], deals.value[open_]
    # The newest of a row comes last; of equals the largest, of equals the first that was told.
    order = np.lexsort((-open_, np.where(np.isnan(value), 0.0, value), opened_at, row))
    last = order[np.append(row[order][1:] != row[order][:-1], True)[: len(order)]]
    newest = np.full((2, len(as_of)), np.nan)
    newest[0, row[last]] = value[last]
    newest[1, row[last]] = (as_of[row[last]] - opened_at[last]) / DAY
    counts = np.bincount(row, minlength=len(as_of))
    return {"open_deals": counts, "open_deal_value": newest[0], "open_deal_days": newest[1]}


def _column(measure: str) -> int:
    return COLUMN[BY_NAME[measure].number]


MAKERS: dict[Kind, Callable[[Sequence[Feature]], Reader]] = {
    Kind.COUNT: _count,
    Kind.DISTINCT: _distinct,
    Kind.SINCE: _elapsed,
    Kind.AGE: _elapsed,
    Kind.RATIO: _ratio,
    Kind.TREND: _trend,
    Kind.DECAY: _decay,
    Kind.ROLES: _roles,
    Kind.WORD: _word,
    Kind.DEAL: _deal,
}
"""How the values of each kind are read; one line a kind."""

_FEATURES = [one for features in OF.values() for one in features]
_MOMENTS = sorted({moment_code(one) for one in _FEATURES if one.kind in {Kind.SINCE, Kind.AGE}})
_MOMENT_AT = np.full(256, len(_MOMENTS))
_MOMENT_AT[_MOMENTS] = range(len(_MOMENTS))


def _readers(entity: Entity) -> list[tuple[list[str], Reader]]:
    kinds = {kind: [one for one in OF[entity] if one.kind is kind] for kind in Kind}
    return [
        ([one.name for one in some], MAKERS[kind](some)) for kind, some in kinds.items() if some
    ]


_READERS = {entity: _readers(entity) for entity in Entity}
