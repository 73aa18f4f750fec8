"""The features of one entity, in plain Python: the fast way for one, and the one to read first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from core.clock import DAY, HOUR
from features import windows
from features.blob import DAY_PLACES, EVER_PLACE, HOUR_PLACES, SEEN, read_parts
from features.cells import Cells, Sums, add, all_cells
from features.definitions import TREND_DAYS, Entity, Feature, Kind
from features.measures import ATTRIBUTES, BY_NAME, MEASURES, PEAKS, SESSIONS
from features.older import renewed
from features.patterns import MEMBERS
from features.tiles import DAY_HOURS, EMPTY, read_deals, read_times
from features.told import Told, told_of
from features.windows import DECAY_DAYS, LENGTHS, NO_DEALS, OF, Value, deal_values, moment_code

Cell = tuple[int, int, int]
"""Place, code, amount."""


class Members(NamedTuple):
    """The measures of each code that the features of an entity read: sums, and minima or maxima."""

    summed: tuple[tuple[int, ...], ...]
    peaks: dict[int, tuple[int, ...]]


_SHORT, _EVERY = len(LENGTHS.short), len(LENGTHS.short) + len(LENGTHS.long)
_FAR = _EVERY + 1


class View(NamedTuple):
    """One entity at a moment, with what several features share."""

    as_of: int
    newest: int
    cells: list[Cell]
    sums: list[Sums]
    """Amounts in each window of `LENGTHS`, then for ever."""
    moments: dict[int, int]
    """Code → when: see `windows.moment_code`."""
    sessions: list[int]
    """The hours in which they were seen last."""
    told: Told
    deals: dict[str, Value]


Reader = Callable[[View], Value]


class Row(NamedTuple):
    """An entity's values in the order of the table, and the bit set of its capped distincts."""

    values: list[Value]
    capped: int


def row_of(blob: bytes | None, as_of: int, entity: Entity) -> Row:
    """None or no bytes are an entity of which nothing is known. `as_of` is not before the moment
    the tiles were known: then nothing in them lies after it. BlobError when bytes are no tiles.
    """
    head, parts = read_parts(renewed(blob) if blob else EMPTY)
    view = _view(as_of, head[2], parts, _MEMBERS[entity])
    values = list(_BLANK[entity])
    # Most counts of most leads are zero: those that are not are put in, the others not looked at.
    for window, places in _COUNTED[entity]:
        for number, amount in view.sums[window].items():
            if number in places:
                values[places[number]] = amount
    for place, read in _READERS[entity]:
        values[place] = read(view)
    return Row(values, head[1])


def values_of(blob: bytes | None, as_of: int, entity: Entity) -> dict[str, Value]:
    """The same by name."""
    values = row_of(blob, as_of, entity).values
    return {one.name: value for one, value in zip(OF[entity], values, strict=True)}


def _view(as_of: int, newest: int, parts: list[bytes], members: Members) -> View:
    times, moments, words, deals, sessions, people, texts = parts[4:]
    cells = all_cells(Cells(*parts[:4]))
    known = read_times(times)
    return View(
        as_of,
        newest,
        cells,
        _window_sums(cells, _windows(as_of, newest), members),
        {code: known[at] for code, at in zip(moments[::2], moments[1::2], strict=True)},
        [newest - back for _, back in SEEN.iter_unpack(sessions)],
        told_of(newest, words, people, texts),
        deal_values((one for _, one in read_deals(deals, known)), as_of) if deals else NO_DEALS,
    )


def _window_sums(cells: list[Cell], window_of: bytes, members: Members) -> list[Sums]:
    """A cell is added to the shortest window that it lies in; a longer window is what it has beyond
    the next shorter one, and that one.
    """
    summed, peaks = members
    sums: list[Sums] = [defaultdict(int) for _ in range(_EVERY + 2)]
    for place, code, amount in cells:
        here = sums[window_of[place]]
        for number in summed[code]:
            here[number] += amount
        if code in peaks:
            for number in peaks[code]:
                here[number] = PEAKS[number](amount, here.get(number, amount))
    for window in range(1, _EVERY):
        if window != _SHORT:
            add(sums[window], sums[window - 1])
    return sums


def _windows(as_of: int, newest: int) -> bytes:
    """Place → the shortest window that it lies in; `_EVERY` is for ever, behind it lies none."""
    hours = [newest - windows.window_start(as_of, days) // HOUR for days in LENGTHS.short]
    today = newest // DAY_HOURS
    days = [today - windows.window_start(as_of, days) // DAY for days in LENGTHS.long]
    told = _by_place(hours, 0, HOUR_PLACES, newest) + _by_place(days, _SHORT, DAY_PLACES, today)
    return told.ljust(EVER_PLACE, bytes((_FAR,))) + bytes((_EVERY,))


def _by_place(reach: list[int], first: int, places: int, newest: int) -> bytes:
    """`reach` tells how many slots each window goes back from the newest one."""
    steps = b""
    for window, slots in enumerate(reach, first):
        steps += bytes((window,)) * (min(slots, places - 1) + 1 - len(steps))
    steps = steps.ljust(places, bytes((_FAR,)))
    at = newest % places  # from there the places go back, down to 0 and on from the highest
    return steps[at::-1] + steps[:at:-1]


def _distinct(feature: Feature) -> Reader:
    def read(view: View) -> Value:
        start: int = windows.window_start(view.as_of, feature.days) // HOUR
        if feature.of == SESSIONS.name:
            return sum(hour >= start for hour in view.sessions)
        return sum(person.hour >= start for person in view.told.people)

    return read


def _elapsed(feature: Feature) -> Reader:
    code = moment_code(feature)

    def read(view: View) -> Value:
        moment = view.moments.get(code)
        return None if moment is None else (view.as_of - moment) / DAY

    return read


def _ratio(feature: Feature) -> Reader:
    above, below = BY_NAME[feature.of].number, BY_NAME[feature.over].number
    window = LENGTHS.at(feature.days)

    def read(view: View) -> Value:
        sums = view.sums[window]
        return sums.get(above, 0) / sums[below] if sums.get(below) else None

    return read


def _trend(feature: Feature) -> Reader:
    """One is steady, above it grows; the added ones keep single events from looking like a rush."""
    number = BY_NAME[feature.of].number
    week, with_before = (LENGTHS.at(days) for days in TREND_DAYS)

    def read(view: View) -> Value:
        now = view.sums[week].get(number, 0)
        before = view.sums[with_before].get(number, 0) - now
        return (now + 1) / (before / 4 + 1)

    return read


def _decay(feature: Feature) -> Reader:
    number, weights = BY_NAME[feature.of].number, windows.weights(feature.days)
    codes = frozenset(code for code, members in enumerate(MEMBERS) if number in members)

    def read(view: View) -> Value:
        today = view.newest // DAY_HOURS
        back: dict[int, int] = defaultdict(int)
        for place, amount in [
            (place, amount) for place, code, amount in view.cells if code in codes
        ]:
            if HOUR_PLACES <= place < EVER_PLACE:
                back[(today + HOUR_PLACES - place) % DAY_PLACES] += amount
        since, total = view.as_of // DAY - today, 0.0
        for days in sorted(back):
            if days + since <= DECAY_DAYS:
                total += back[days] * weights[max(days + since, 0)]
        return total

    return read


def _roles(feature: Feature) -> Reader:
    def read(view: View) -> Value:
        start = windows.window_start(view.as_of, feature.days)
        return windows.role_count(view.told.people, feature.of, start)

    return read


def _word(feature: Feature) -> Reader:
    number = ATTRIBUTES.index(feature.of)
    return lambda view: view.told.words.get(number)


def _deal(feature: Feature) -> Reader:
    return lambda view: view.deals[feature.of]


MAKERS: dict[Kind, Callable[[Feature], Reader]] = {
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
"""How a value of each kind is read; one line a kind. Counts are put in by `row_of` itself."""


def _counted(entity: Entity) -> list[tuple[int, dict[int, int]]]:
    """Window → measure → the place of the feature that counts it."""
    counts: dict[int, dict[int, int]] = {}
    for place, one in enumerate(OF[entity]):
        if one.kind is Kind.COUNT:
            counts.setdefault(LENGTHS.at(one.days), {})[BY_NAME[one.of].number] = place
    return list(counts.items())


def _members(entity: Entity) -> Members:
    names = {name for one in OF[entity] for name in (one.of, one.over)}
    read = {measure.number for measure in MEASURES if measure.name in names}
    peaks = {code: tuple(number for number in members if number in read & PEAKS.keys())
             for code, members in enumerate(MEMBERS)}  # fmt: skip
    return Members(
        tuple(tuple(number for number in members if number in read - PEAKS.keys())
              for members in MEMBERS),
        {code: numbers for code, numbers in peaks.items() if numbers},
    )  # fmt: skip


_MEMBERS = {entity: _members(entity) for entity in Entity}
_COUNTED = {entity: _counted(entity) for entity in Entity}
_BLANK: dict[Entity, list[Value]] = {
    entity: [0 if one.kind is Kind.COUNT else None for one in features]
    for entity, features in OF.items()
}
_READERS: dict[Entity, list[tuple[int, Reader]]] = {
    entity: [
        (place, MAKERS[one.kind](one)) for place, one in enumerate(features) if one.kind in MAKERS
    ]
    for entity, features in OF.items()
}
