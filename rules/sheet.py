"""A sheet: the rules of one purpose, with groups that cap what their hits may add."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from rules.declaration import COMMON, DATES, Rule, Scope, read_rule, rule_nodes
from rules.facts import AGE, Value
from rules.language.names import Names
from rules.language.read_conditions import read_fact
from rules.language.reading import Reader
from rules.language.rows import conjunction
from rules.language.source import Node
from rules.report import HitGroup

MOST = 100
"""A sheet never adds more, nor takes more away."""

_MORE = ("owner", *DATES)
_DAY_S = 86_400


class Decay(NamedTuple):
    """Points × 0.5 ^ (age / half-life): what happened long ago counts for less."""

    fact: str
    """An age."""
    half_life_days: float

    def share(self, age: Value) -> float:
        """How much of the points is left, 0–1; nothing for an age that is none."""
        if not isinstance(age, int | float):
            return 0.0
        return float(0.5 ** (max(age, 0.0) / self.half_life_days))


class Scored(NamedTuple):
    """A rule with its group and points; with a decay, `rule.holds` asks for the age too."""

    rule: Rule
    group: str
    points: float
    decay: Decay | None = None


class Sheet(NamedTuple):
    """`caps` and `points` have the same sign; suppressions and account rules carry no points."""

    purpose: HitGroup
    caps: dict[str, float]
    rules: tuple[Scored, ...]
    lines: Mapping[str, int] = MappingProxyType({})
    """Where each group is declared."""


def read_scored(
    reader: Reader, fields: dict[str, Node], purpose: HitGroup, sign: int, scope: Scope
) -> Sheet:
    """`groups` and `rules` of a sheet whose points all have this sign (1 or -1)."""
    caps = _read_caps(reader, fields["groups"], sign) if "groups" in fields else {}
    rules: list[Scored] = []
    table = scope.tables.get(f"{purpose}.csv")
    for at, node in rule_nodes(reader, fields.get("rules"), "`rules`", table):
        parts = at.fields(node, "a rule", (*COMMON, "group", "points"), (*_MORE, "decay"))
        rule = read_rule(at, node.line, parts, scope)
        group = _read_group(at, parts["group"], caps) if "group" in parts else None
        points = _read_points(at, parts["points"], "`points`", sign) if "points" in parts else 0
        decay = _read_decay(at, parts["decay"], scope.names) if "decay" in parts else None
        if rule is not None and group is not None and points:
            rules.append(Scored(_aged(rule, decay), group, points, decay))
    lines = fields["groups"].key_lines if "groups" in fields else {}
    return Sheet(purpose, caps, tuple(rules), lines)


def read_verdicts(reader: Reader, node: Node | None, purpose: HitGroup, scope: Scope) -> Sheet:
    """Rules without points: that one of them holds is all that counts."""
    rules: list[Scored] = []
    table = scope.tables.get(f"{purpose}.csv")
    for at, item in rule_nodes(reader, node, f"`{purpose}` rules", table):
        parts = at.fields(item, "a rule", COMMON, _MORE)
        rule = read_rule(at, item.line, parts, scope)
        if rule is not None:
            rules.append(Scored(rule, "", 0.0))
    return Sheet(purpose, {"": 0.0}, tuple(rules))


def _aged(rule: Rule, decay: Decay | None) -> Rule:
    """Without the age there is nothing to decay by: the rule is missing then, not false."""
    if decay is None:
        return rule
    known = lambda facts: None if facts.get(decay.fact) is None else True  # noqa: E731
    return rule._replace(holds=conjunction([rule.holds, known]))


def _read_decay(reader: Reader, node: Node, names: Names) -> Decay | None:
    fields = reader.fields(node, "`decay`", ("fact", "half_life"))
    fact = read_fact(reader, fields["fact"], names.facts) if "fact" in fields else None
    if fact is not None and names.facts[fact] != AGE:
        reader.problem(
            fields["fact"].line,
            f"`decay` cannot take `{fact}`: it is a {names.facts[fact]}, not an age in days",
        )
        return None
    seconds = reader.duration(fields["half_life"], "`half_life`") if "half_life" in fields else None
    if seconds == 0:
        reader.problem(fields["half_life"].line, "`half_life` has to be longer than 0")
    return Decay(fact, seconds / _DAY_S) if fact and seconds else None


def _read_caps(reader: Reader, node: Node, sign: int) -> dict[str, float]:
    caps: dict[str, float] = {}
    for name, item in reader.entries(node, "`groups`").items():
        cap = _read_points(reader, item, f"the cap of `{name}`", sign)
        caps[name] = 0 if cap is None else cap
    return caps


def _read_group(reader: Reader, node: Node, caps: dict[str, float]) -> str | None:
    group = reader.word(node, "`group`")
    if group is None or group in caps:
        return group
    known = ", ".join(f"`{name}`" for name in caps) or "none"
    reader.problem(node.line, f"unknown group `{group}`; `groups` declares {known}")
    return None


def _read_points(reader: Reader, node: Node, what: str, sign: int) -> float | None:
    """A whole number from 1 to 100, or from -100 to -1."""
    low, high = (1, 100) if sign > 0 else (-100, -1)
    return reader.whole(node, what, low, high)
