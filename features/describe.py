"""Every feature in a sentence, from its definition: the documentation page is generated."""

from __future__ import annotations

from collections.abc import Callable

from features.definitions import Entity, Feature, Kind
from features.measures import BY_NAME, DISTINCTS, FIRST_STANDS

_DISTINCT = {one.name: one.meaning for one in DISTINCTS}
_DEAL = {
    "open_deals": "open deals",
    "open_deal_value": "value of the newest open deal",
    "open_deal_days": "age of the newest open deal in days",
}
_ROLES = {
    "roles": "different roles among the people active in the last {} days",
    "seniors": "people of director's rank or above active in the last {} days",
}


def describe(feature: Feature) -> str:
    """`pages viewed in the last 7 days`; of the whole company where it is an account's."""
    told = _TELL[feature.kind](feature)
    return f"{told}, whole company" if feature.entity is Entity.ACCOUNT else told


def window(feature: Feature) -> str:
    """`7 d`, `ever`, or nothing where a feature has no window."""
    if feature.kind in {Kind.WORD, Kind.DEAL, Kind.SINCE, Kind.AGE}:
        return ""
    if feature.kind is Kind.DECAY:
        return f"half in {feature.days} d"
    return f"{feature.days} d" if feature.days else "ever"


def value_type(feature: Feature) -> str:
    return "word" if feature.is_word else "number"


def _meaning(name: str) -> str:
    return BY_NAME[name].meaning


def _period(feature: Feature) -> str:
    return f"in the last {feature.days} days" if feature.days > 1 else (
        "in the last day" if feature.days else "so far"
    )  # fmt: skip


_TELL: dict[Kind, Callable[[Feature], str]] = {
    Kind.COUNT: lambda one: f"{_meaning(one.of)} {_period(one)}",
    Kind.DISTINCT: lambda one: f"{_DISTINCT[one.of]} {_period(one)}",
    Kind.SINCE: lambda one: f"days since the last of: {_meaning(one.of)}",
    Kind.AGE: lambda one: f"days since the first of: {_meaning(one.of)}",
    Kind.RATIO: lambda one: f"{_meaning(one.of)} for each of: {_meaning(one.over)}, {_period(one)}",
    Kind.TREND: lambda one: f"{_meaning(one.of)}: this week against the four before (1 is steady)",
    Kind.DECAY: lambda one: f"{_meaning(one.of)}, each day's half as much {one.days} days later",
    Kind.ROLES: lambda one: _ROLES[one.of].format(one.days),
    Kind.WORD: lambda one: (
        f"{'first' if one.of in FIRST_STANDS else 'newest'} word on {one.of.replace('_', ' ')}"
    ),
    Kind.DEAL: lambda one: _DEAL[one.of],
}
