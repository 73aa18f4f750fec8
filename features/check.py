"""Are the declared features and measures sound? All problems at once, with file and line."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.errors import DefinitionError, Problem
from events.vocabulary import EVENTS
from features.definitions import BY_FEATURE, FEATURES, Feature, Kind
from features.measures import ATTRIBUTES, BY_NAME, DISTINCTS, MEASURES, Measure
from features.patterns import FIRST_CODE

LONGEST_WINDOW = 90
"""Days for which tiles are kept."""

_HERE = Path(__file__).parent
_DEALS = ("open_deals", "open_deal_value", "open_deal_days")
_SOURCES: dict[Kind, tuple[str, Iterable[str]]] = {
    Kind.DISTINCT: ("distinct", tuple(one.name for one in DISTINCTS)),
    Kind.WORD: ("attribute", ATTRIBUTES),
    Kind.DEAL: ("deal value", _DEALS),
    Kind.ROLES: ("count of roles", ("roles", "seniors")),
}
"""What each kind is made of, where it is no measure."""


def check(features: Sequence[Feature] = FEATURES, measures: Sequence[Measure] = MEASURES) -> None:
    """DefinitionError with everything that is wrong; silence when all is well."""
    problems = [*_measure_problems(measures), *_feature_problems(features, measures)]
    if problems:
        raise DefinitionError("the feature definitions are wrong", problems=problems)


def known_features(names: Iterable[str]) -> None:
    """DefinitionError for names that no feature has, with the nearest one that has."""
    problems = [
        Problem("", f"no feature is called {name!r}{_meant(name, BY_FEATURE)}")
        for name in names
        if name not in BY_FEATURE
    ]
    if problems:
        raise DefinitionError("unknown features", problems=problems,
                              do="`leadline features list` names them all")  # fmt: skip


def _measure_problems(measures: Sequence[Measure]) -> list[Problem]:
    found = _twice("measures.py", "measure", [one.name for one in measures])
    numbers = Counter(one.number for one in measures)
    for one in measures:
        where = _line("measures.py", one.name)
        if numbers[one.number] > 1:
            found.append(Problem(where, f"{one.name}: number {one.number} is used twice"))
        if not 0 < one.number < FIRST_CODE:
            told = f"{one.name}: number {one.number}; tiles have room for 1 to {FIRST_CODE - 1}"
            found.append(Problem(where, told))
        found += [
            Problem(where, f"{one.name}: no event is called {event!r}{_meant(event, EVENTS)}")
            for event in one.events
            if event not in EVENTS
        ]
    return found


def _feature_problems(features: Sequence[Feature], measures: Sequence[Measure]) -> list[Problem]:
    found = _twice("definitions.py", "feature", [one.name for one in features])
    names = {one.name for one in measures}
    for one in features:
        where = _line("definitions.py", one.name, one.of)
        noun, sources = _SOURCES.get(one.kind, ("measure", names))
        if one.of not in sources:
            clash = " (a measure, which this kind is not made of)" if one.of in BY_NAME else ""
            told = f"{one.name}: no {noun} is called {one.of!r}{_meant(one.of, sources)}{clash}"
            found.append(Problem(where, told))
        if one.kind is Kind.RATIO and one.over not in names:
            told = f"{one.name}: divides by {one.over!r}, which is no measure"
            found.append(Problem(where, told + _meant(one.over, names)))
        if not 0 <= one.days <= LONGEST_WINDOW:
            told = (
                f"{one.name}: {one.days} days; windows reach from 1 to {LONGEST_WINDOW}, 0 is ever"
            )
            found.append(Problem(where, told))
    return found


def _twice(file: str, noun: str, names: Sequence[str]) -> list[Problem]:
    return [
        Problem(_line(file, name), f"{name}: this name is used by {count} {noun}s")
        for name, count in Counter(names).items()
        if count > 1
    ]


def _line(file: str, *names: str) -> str:
    """`features/definitions.py:77`: the first line that says one of the names in quotes.

    A name that a line makes for several windows stands nowhere: then what it is made of does.
    """
    lines = (_HERE / file).read_text(encoding="utf-8").splitlines()
    for name in names:
        for number, line in enumerate(lines, start=1):
            if f'"{name}"' in line:
                return f"features/{file}:{number}"
    return f"features/{file}"


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
